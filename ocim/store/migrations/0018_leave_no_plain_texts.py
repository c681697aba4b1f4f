"""Take the texts that are encrypted now out of the database's free pages and its journal.

It is not part of a transaction; where it is interrupted, `ocim migrate` does it again. Archives of
PostgreSQL's journal and backups from before keep what they have.
"""

from django.db import OperationalError, migrations


def leave_no_plain_texts(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for model in apps.get_app_config("store").get_models():
                cursor.execute(f"VACUUM (FULL) {connection.ops.quote_name(model._meta.db_table)}")
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if cursor.fetchone()[0]:
                raise OperationalError(
                    "Other processes use the database: stop them, then run `ocim migrate` again."
                )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("store", "0017_encrypt_free_texts"),
    ]

    operations = [migrations.RunPython(leave_no_plain_texts, migrations.RunPython.noop)]
