from django.db import models

from rehearsal.edxapp.course_modes.models import CourseMode


class CourseModeTarget(models.Model):
    """Those whom an e-mail to a course's mode reaches; here for its permissions."""

    track = models.ForeignKey(CourseMode, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return str(self.track)
