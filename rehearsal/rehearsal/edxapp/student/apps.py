from django.apps import AppConfig


class StudentConfig(AppConfig):
    name = "rehearsal.edxapp.student"
    label = "student"
