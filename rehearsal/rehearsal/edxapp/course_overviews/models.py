from datetime import datetime

from django.core.validators import RegexValidator
from django.db import models
from django.urls import register_converter

COURSE_ID_PATTERN = r"course-v1:[\w.~-]+\+[\w.~-]+\+[\w.~-]+"
key_part = RegexValidator(r"\A[\w.~-]+\Z", "Letters, digits, and . _ ~ - only.")


class CourseIdConverter:
    """Converter for `<course:…>` in URL patterns."""

    regex = COURSE_ID_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CourseIdConverter, "course")


class CourseQuerySet(models.QuerySet["CourseOverview"]):
    def published(self) -> "CourseQuerySet":
        """Return the courses that learners can see."""
        return self.filter(published=True)

    def active(self, now: datetime) -> "CourseQuerySet":
        """Return the courses that have not ended at `now`."""
        return self.filter(models.Q(end=None) | models.Q(end__gt=now))


class CourseOverview(models.Model):
    """A course run. Changes in studio take effect at once; learners see it when it is published."""

    id = models.CharField(max_length=255, primary_key=True, editable=False)
    org = models.CharField("organization", max_length=80, validators=[key_part])
    number = models.CharField("course number", max_length=80, validators=[key_part])
    run = models.CharField("course run", max_length=80, validators=[key_part])
    display_name = models.CharField("name", max_length=255)
    short_description = models.TextField(blank=True, default="")
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    enrollment_start = models.DateTimeField(null=True, blank=True)
    enrollment_end = models.DateTimeField(null=True, blank=True)
    self_paced = models.BooleanField(default=False)
    invitation_only = models.BooleanField(default=False)
    published = models.BooleanField(default=False)
    verification_deadline = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["org", "number", "run"],
                name="course_key",
                violation_error_message="There is a course of this organization, number and run.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.display_name} ({self.id})"

    def save(self, *args: object, **kwargs: object) -> None:
        self.id = f"course-v1:{self.org}+{self.number}+{self.run}"
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def open_for_enrollment(self, now: datetime) -> bool:
        """Return True if learners may enrol themselves at `now`."""
        begun = self.enrollment_start is None or self.enrollment_start <= now
        over = self.enrollment_end is not None and self.enrollment_end <= now
        return self.published and begun and not over and not self.invitation_only
