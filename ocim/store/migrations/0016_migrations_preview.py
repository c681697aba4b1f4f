from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0015_verification"),
    ]

    operations = [
        migrations.AddField(
            model_name="upgrade",
            name="preview",
            field=models.JSONField(
                default=dict,
                help_text="What the new release's migrations did to copies of the databases, or"
                " (`like`) which other upgrade saw that.",
            ),
        ),
    ]
