from collections.abc import Iterable, Mapping

from django.contrib.auth.models import User
from django.db import models, transaction

from rehearsal.edxapp.course_overviews.models import CourseOverview


class UserProfile(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    name = models.CharField("full name", max_length=255, blank=True, default="")
    profile_image_uploaded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "auth_userprofile"

    def __str__(self) -> str:
        return self.name or self.user.username


class CourseEnrollment(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="enrollments")
    course = models.ForeignKey(CourseOverview, on_delete=models.CASCADE, related_name="enrollments")
    mode = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "course"], name="one_enrollment_per_course"),
        )

    def __str__(self) -> str:
        return f"{self.user} in {self.course_id} ({self.mode})"


class CourseEnrollmentAttribute(models.Model):
    """A note of the shop on an enrollment, such as the number of its order."""

    enrollment = models.ForeignKey(
        CourseEnrollment, on_delete=models.CASCADE, related_name="attributes"
    )
    namespace = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    value = models.CharField(max_length=255)

    def __str__(self) -> str:
        return f"{self.namespace}:{self.name}={self.value}"


@transaction.atomic
def enroll(
    user: User,
    course: CourseOverview,
    *,
    mode: str,
    is_active: bool = True,
    attributes: Iterable[Mapping[str, str]] = (),
) -> CourseEnrollment:
    """Create, change or (with `is_active` false) end an enrollment, and add `attributes` to it.

    Each attribute has `namespace`, `name` and `value`.
    """
    enrollment, _created = CourseEnrollment.objects.update_or_create(
        user=user, course=course, defaults={"mode": mode, "is_active": is_active}
    )
    for attribute in attributes:
        enrollment.attributes.update_or_create(
            namespace=attribute["namespace"],
            name=attribute["name"],
            defaults={"value": attribute["value"]},
        )
    return enrollment
