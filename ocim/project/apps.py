import gc

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "ocim.project"
    label = "project"

    def ready(self) -> None:
        from ocim.project import checks, patterns  # noqa: F401, PLC0415 - registers them

        # Imported modules stay, so exclude them from garbage collection: plans take a tenth less.
        gc.freeze()
