import gc

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "ocim.project"
    label = "project"

    def ready(self) -> None:
        from ocim.project import checks  # noqa: F401, PLC0415 - registers them

        # What was imported stays: not to look at it again takes a tenth off a plan.
        gc.freeze()
