from django.db import models


class ProgramsApiConfig(models.Model):
    """Switch that shows programs; the newest row counts."""

    enabled = models.BooleanField(default=False)
    marketing_path = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return f"programs: {self.enabled}"

    @classmethod
    def current(cls) -> "ProgramsApiConfig":
        """Return the newest row, or one that is not stored if there is none."""
        return cls.objects.order_by("-pk").first() or cls()
