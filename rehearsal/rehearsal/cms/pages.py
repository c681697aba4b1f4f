"""The author's pages, for staff: make, change, publish and delete courses."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from rehearsal.cms.forms import CourseForm, NewCourseForm
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.organizations.models import Organization


def for_staff(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask visitors of a view to sign in, and refuse all but staff."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(wrapped)


@for_staff
def home(request: HttpRequest) -> HttpResponse:
    form = NewCourseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        course = form.save()
        Organization.objects.get_or_create(short_name=course.org, defaults={"name": course.org})
        messages.success(request, f"{course.display_name} is made; learners do not see it yet.")
        return redirect("edit", course.id)
    return render(request, "cms/home.html", {"form": form, "courses": CourseOverview.objects.all()})


@for_staff
def edit(request: HttpRequest, course_id: str) -> HttpResponse:
    course = get_object_or_404(CourseOverview, pk=course_id)
    form = CourseForm(request.POST or None, instance=course)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("edit", course_id)
    about = f"{settings.LMS_ROOT_URL}/courses/{course.id}/about"
    return render(request, "cms/edit.html", {"form": form, "course": course, "about": about})


@for_staff
@require_POST
def publish(request: HttpRequest, course_id: str) -> HttpResponse:
    """Show the course to learners."""
    course = get_object_or_404(CourseOverview, pk=course_id)
    course.published = True
    course.save(update_fields=["published", "modified"])
    messages.success(request, f"{course.display_name} is published.")
    return redirect("edit", course_id)


@for_staff
@require_POST
def delete(request: HttpRequest, course_id: str) -> HttpResponse:
    """Remove the course with its modes and enrollments."""
    course = get_object_or_404(CourseOverview, pk=course_id)
    course.delete()
    messages.success(request, f"{course.display_name} is deleted.")
    return redirect("home")
