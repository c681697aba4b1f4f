"""Pages that the LMS and studio share."""

from django.urls import path, re_path

from rehearsal.common.heartbeat import heartbeat
from rehearsal.edxapp.student import views

urlpatterns = [
    re_path(r"^heartbeat/?$", heartbeat, name="heartbeat"),
    path("login", views.sign_in, name="login"),
    path("logout", views.sign_out, name="logout"),
    path("register", views.register, name="register"),
]
