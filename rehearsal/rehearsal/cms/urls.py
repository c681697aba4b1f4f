from django.urls import include, path

from rehearsal.cms import pages

urlpatterns = [
    path("", include("rehearsal.edxapp.urls")),
    path("", pages.home, name="home"),
    path("home/", pages.home),
    path("course/<course:course_id>", pages.edit, name="edit"),
    path("course/<course:course_id>/publish", pages.publish, name="publish"),
    path("course/<course:course_id>/delete", pages.delete, name="delete"),
]
