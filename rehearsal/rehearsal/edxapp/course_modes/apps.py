from django.apps import AppConfig


class CourseModesConfig(AppConfig):
    name = "rehearsal.edxapp.course_modes"
    label = "course_modes"
