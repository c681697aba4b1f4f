from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="ProgramsApiConfig",
            fields=[
                ("id", models.AutoField(primary_key=True)),
                ("enabled", models.BooleanField(default=False)),
                ("marketing_path", models.CharField(blank=True, max_length=255)),
            ],
        ),
    ]
