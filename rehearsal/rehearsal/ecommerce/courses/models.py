from django.db import models


class Course(models.Model):  # type: ignore[django-manager-missing]
    """A course run of the LMS, as far as it is sold."""

    id = models.CharField(max_length=255, primary_key=True, verbose_name="course ID")
    partner = models.ForeignKey("partner.Partner", null=True, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    verification_deadline = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"
