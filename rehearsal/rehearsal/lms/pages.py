"""The learner's pages."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rehearsal.edxapp.commerce.models import checkout_url
from rehearsal.edxapp.course_modes.models import CourseMode, modes_of
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.student.models import CourseEnrollment, enroll


@dataclass(frozen=True)
class Offer:
    """A mode that a learner may choose: free, for sale at `url`, or neither."""

    mode: CourseMode
    url: str | None


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "lms/home.html", {"courses": CourseOverview.objects.published()})


def about(request: HttpRequest, course_id: str) -> HttpResponse:
    course = get_object_or_404(CourseOverview.objects.published(), pk=course_id)
    enrollment = None
    if request.user.is_authenticated:
        enrollment = CourseEnrollment.objects.filter(
            user=request.user.pk, course=course, is_active=True
        ).first()
    context = {
        "course": course,
        "enrollment": enrollment,
        "offers": offers(course, request.user, enrollment),
        "open": course.open_for_enrollment(timezone.now()),
    }
    return render(request, "lms/about.html", context)


@login_required
@require_POST
def enroll_oneself(request: HttpRequest, course_id: str) -> HttpResponse:
    """Enroll the user in a free mode. The shop sells paid modes, and then calls the API."""
    course = get_object_or_404(CourseOverview.objects.published(), pk=course_id)
    free = {mode.mode_slug for mode in modes_of(course) if not mode.min_price}
    mode = request.POST.get("mode", "")
    if mode in free and course.open_for_enrollment(timezone.now()):
        enroll(signed_in(request), course, mode=mode)
        messages.success(request, f"You are enrolled in {course.display_name}.")
        return redirect("dashboard")
    messages.error(request, "You cannot enrol yourself in this course in this way.")
    return redirect("about", course_id)


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    rows = CourseEnrollment.objects.filter(user=request.user.pk, is_active=True)
    enrollments = [
        (row, [offer for offer in offers(row.course, request.user, row) if offer.url])
        for row in rows.select_related("course").prefetch_related("course__modes")
    ]
    return render(request, "lms/dashboard.html", {"enrollments": enrollments})


def signed_in(request: HttpRequest) -> User:
    """Return the user of a request that passed `login_required`."""
    if not isinstance(request.user, User):
        raise TypeError("nobody is signed in")
    return request.user


def offers(
    course: CourseOverview,
    user: AbstractBaseUser | AnonymousUser,
    enrollment: CourseEnrollment | None,
) -> list[Offer]:
    """Return the modes that `user`, who may be enrolled already, can choose."""
    now = timezone.now()
    held = enrollment.mode if enrollment else None
    return [
        Offer(mode, checkout_url(mode, user) if mode.min_price else None)
        for mode in modes_of(course)
        if mode.mode_slug != held
        and (mode.expiration_datetime is None or mode.expiration_datetime > now)
        and not (held and not mode.min_price)
    ]
