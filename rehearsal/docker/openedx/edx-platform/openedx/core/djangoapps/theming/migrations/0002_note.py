"""A change of verawood's: a column that older code need not know, so both can be served at once.

Images of older releases are built without this file.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("theming", "0001_initial")]
    operations = [
        migrations.AddField(
            "sitetheme",
            "note",
            models.CharField(max_length=255, default="", db_default="", blank=True),
        ),
    ]
