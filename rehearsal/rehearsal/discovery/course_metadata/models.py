import uuid

from django.db import models
from django.utils import timezone

from rehearsal.discovery.core.models import Partner


class Organization(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="organizations")
    key = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.TextField(blank=True, default="")
    logo_image_url = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("key",)
        constraints = (
            models.UniqueConstraint(fields=["partner", "key"], name="organization_of_partner"),
        )

    def __str__(self) -> str:
        return f"{self.key}: {self.name}" if self.name else self.key


class Course(models.Model):
    """Facts that all runs of a course share; its key is `ORGANIZATION+NUMBER`."""

    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="courses")
    key = models.CharField(max_length=255)
    title = models.CharField(max_length=255, blank=True, default="")
    short_description = models.TextField(blank=True, default="")
    card_image_url = models.CharField(max_length=500, blank=True, default="")
    authoring_organizations = models.ManyToManyField(
        Organization, blank=True, related_name="authored_courses"
    )

    class Meta:
        ordering = ("key",)
        constraints = (
            models.UniqueConstraint(fields=["partner", "key"], name="course_of_partner"),
        )

    def __str__(self) -> str:
        return f"{self.key}: {self.title}"


class CourseRun(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="course_runs")
    key = models.CharField(max_length=255, unique=True)
    title = models.CharField(max_length=255, blank=True, default="")
    short_description = models.TextField(blank=True, default="")
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    enrollment_start = models.DateTimeField(null=True, blank=True)
    enrollment_end = models.DateTimeField(null=True, blank=True)
    card_image_url = models.CharField(max_length=500, blank=True, default="")
    video_url = models.CharField(max_length=500, blank=True, default="")
    pacing_type = models.CharField(max_length=255, blank=True, default="")
    license = models.CharField(max_length=255, blank=True, default="")
    hidden = models.BooleanField(default=False)
    mobile_available = models.BooleanField(default=False)

    class Meta:
        ordering = ("key",)

    def __str__(self) -> str:
        return f"{self.key}: {self.title}"

    @property
    def availability(self) -> str:
        """Archived, Upcoming or Current, as the real service says."""
        now = timezone.now()
        if self.end and self.end <= now:
            return "Archived"
        if self.start and self.start > now:
            return "Upcoming"
        return "Current"

    @property
    def type(self) -> str:
        """The best of the seats' types."""
        kinds = {seat.type for seat in self.seats.all()}
        order = ("professional", "verified", "credit", "honor", "audit")
        return next((kind for kind in order if kind in kinds), "")


class Seat(models.Model):
    course_run = models.ForeignKey(CourseRun, on_delete=models.CASCADE, related_name="seats")
    type = models.CharField(max_length=63)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    currency = models.CharField(max_length=6, default="USD")
    upgrade_deadline = models.DateTimeField(null=True, blank=True)
    sku = models.CharField(max_length=128, blank=True, default="")
    bulk_sku = models.CharField(max_length=128, blank=True, default="")
    credit_provider = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        ordering = ("price", "type")
        constraints = (
            models.UniqueConstraint(
                fields=["course_run", "type", "currency", "credit_provider"], name="seat_of_run"
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} of {self.course_run_id}: {self.price} {self.currency}"


class Program(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="programs")
    title = models.CharField(max_length=255)
    subtitle = models.CharField(max_length=255, blank=True, default="")
    type = models.CharField(max_length=100, blank=True, default="")
    status = models.CharField(max_length=24, blank=True, default="")
    courses = models.ManyToManyField(Course, blank=True, related_name="programs")

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title
