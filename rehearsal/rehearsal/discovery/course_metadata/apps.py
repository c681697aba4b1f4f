from django.apps import AppConfig


class CourseMetadataConfig(AppConfig):
    name = "rehearsal.discovery.course_metadata"
    label = "course_metadata"
