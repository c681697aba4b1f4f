from django.conf import settings
from django.db import models

from rehearsal.edxapp.course_overviews.models import CourseOverview


class CourseMode(models.Model):
    """A way to take a course: `audit`, `honor`, `verified`…; a paid one carries the shop's SKU."""

    course = models.ForeignKey(CourseOverview, on_delete=models.CASCADE, related_name="modes")
    mode_slug = models.CharField("mode", max_length=100)
    mode_display_name = models.CharField("display name", max_length=255)
    min_price = models.PositiveIntegerField("price", default=0)
    currency = models.CharField(max_length=8, default="usd")
    suggested_prices = models.CharField(max_length=255, blank=True, default="")
    expiration_datetime = models.DateTimeField("upgrade deadline", null=True, blank=True)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 (as the platform's)
    sku = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    bulk_sku = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001

    class Meta:
        ordering = ("min_price", "mode_slug")
        constraints = (
            models.UniqueConstraint(fields=["course", "mode_slug"], name="one_mode_per_course"),
        )

    def __str__(self) -> str:
        return f"{self.course_id}: {self.mode_slug}"


def default_mode(course: CourseOverview) -> CourseMode:
    """Return the unsaved default mode of a course without modes."""
    values = dict(settings.COURSE_MODE_DEFAULTS)
    return CourseMode(
        course=course,
        mode_slug=values.pop("slug"),
        mode_display_name=values.pop("name"),
        **{key: value for key, value in values.items() if hasattr(CourseMode, key)},
    )


def modes_of(course: CourseOverview) -> list[CourseMode]:
    """Return the course's modes, cheapest first; the platform's default mode if it has none."""
    return list(course.modes.all()) or [default_mode(course)]
