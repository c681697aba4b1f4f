import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sites", "0002_alter_domain_unique")]
    operations = [
        migrations.CreateModel(
            name="SiteTheme",
            fields=[
                ("id", models.AutoField(primary_key=True)),
                ("theme_dir_name", models.CharField(max_length=255)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="themes",
                        to="sites.site",
                    ),
                ),
            ],
        ),
    ]
