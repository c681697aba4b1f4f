from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "rehearsal.ecommerce.courses"
    label = "courses"
