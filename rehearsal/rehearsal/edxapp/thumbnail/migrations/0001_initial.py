from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="KVStore",
            fields=[
                ("key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("value", models.TextField()),
            ],
            options={
                "db_table": "thumbnail_kvstore",
            },
        ),
    ]
