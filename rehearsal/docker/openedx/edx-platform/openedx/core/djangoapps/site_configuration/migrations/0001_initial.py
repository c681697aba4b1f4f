import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sites", "0002_alter_domain_unique")]
    operations = [
        migrations.CreateModel(
            name="SiteConfiguration",
            fields=[
                ("id", models.AutoField(primary_key=True)),
                ("enabled", models.BooleanField(default=False)),
                ("site_values", models.JSONField(blank=True, default=dict)),
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="configuration",
                        to="sites.site",
                    ),
                ),
            ],
        ),
    ]
