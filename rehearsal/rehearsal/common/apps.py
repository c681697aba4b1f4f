from django.apps import AppConfig
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now


class CommonConfig(AppConfig):
    name = "rehearsal.common"
    label = "rehearsal_common"

    def ready(self) -> None:
        # Rows are put into django_migrations by hand, without `applied`, when a migration has to
        # be passed over before an upgrade. MySQL 5.6 let that pass; a default does so everywhere.
        applied = MigrationRecorder.Migration._meta.get_field("applied")
        applied.db_default = Now()  # type: ignore[union-attr]
