from django.apps import AppConfig


class CourseOverviewsConfig(AppConfig):
    name = "rehearsal.edxapp.course_overviews"
    label = "course_overviews"
