from django.db import models

from rehearsal.edxapp.course_modes.models import CourseMode


class CourseModeTarget(models.Model):
    """Recipients of e-mail to a course's mode. The model exists for its permissions."""

    track = models.ForeignKey(CourseMode, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return str(self.track)
