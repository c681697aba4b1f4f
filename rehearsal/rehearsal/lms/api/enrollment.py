"""Enrollments, which the shop creates and ends."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse

from rehearsal.edxapp.course_modes.models import modes_of
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.student.models import CourseEnrollment, enroll
from rehearsal.lms.api.requests import Refused, api, body_of, has_api_key, require_user


@api("GET", "POST")
def enrollments(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        return JsonResponse(description(changed(request)))
    username = request.GET.get("user") or require_user(request).username
    refuse_other_users(request, username)
    rows = CourseEnrollment.objects.filter(user__username=username, is_active=True)
    return JsonResponse(
        [description(row) for row in rows.select_related("user", "course")], safe=False
    )


@api("GET")
def enrollment(request: HttpRequest, username: str, course_id: str) -> JsonResponse:
    """Show a user's enrollment in a course; null if there is none."""
    refuse_other_users(request, username)
    row = CourseEnrollment.objects.filter(user__username=username, course=course_id).first()
    return JsonResponse(description(row) if row else None, safe=False)


def changed(request: HttpRequest) -> CourseEnrollment:
    """Change an enrollment as the request asks, and return it.

    The shared key may change anybody's; a JWT only the user's own, in a mode that costs nothing.
    """
    if "refuse-enrollment" in settings.REHEARSAL_FAULTS:
        raise Refused(400, message="A deliberate fault: see REHEARSAL_FAULTS.")
    trusted = has_api_key(request)
    body = body_of(request)
    username = body.get("user") or require_user(request).username
    if not trusted:
        refuse_other_users(request, username)
    course_id = (body.get("course_details") or {}).get("course_id")
    course = CourseOverview.objects.filter(pk=course_id or "").first()
    if course is None:
        raise Refused(400, message=f"No course '{course_id}' found for enrollment")
    user = User.objects.filter(username=username).first()
    if user is None:
        raise Refused(406, message=f"The user {username} does not exist.")
    modes = {mode.mode_slug: mode for mode in modes_of(course)}
    slug = body.get("mode") or next(iter(modes))
    if slug not in modes:
        raise Refused(
            400,
            message=f"The course has no mode '{slug}', only {', '.join(modes)}.",
            course_details={"course_id": course.id},
        )
    if not trusted and modes[slug].min_price:
        raise Refused(403, message=f"The mode '{slug}' has to be paid for.")
    return enroll(
        user,
        course,
        mode=slug,
        is_active=body.get("is_active") is not False,
        attributes=attributes_in(body),
    )


def attributes_in(body: dict[str, Any]) -> list[dict[str, str]]:
    try:
        return [
            {key: str(attribute[key]) for key in ("namespace", "name", "value")}
            for attribute in body.get("enrollment_attributes") or []
        ]
    except (TypeError, KeyError) as error:
        raise Refused(
            400, message="enrollment_attributes need a namespace, a name and a value each."
        ) from error


def refuse_other_users(request: HttpRequest, username: str) -> None:
    if has_api_key(request):
        return
    user = require_user(request)
    if username != user.username and not (user.is_staff and request.method == "GET"):
        raise Refused(404, message="You may not see or change another user's enrollments.")


def description(enrollment: CourseEnrollment) -> dict[str, Any]:
    course = enrollment.course
    return {
        "created": enrollment.created,
        "mode": enrollment.mode,
        "is_active": enrollment.is_active,
        "user": enrollment.user.username,
        "course_details": {
            "course_id": course.id,
            "course_name": course.display_name,
            "enrollment_start": course.enrollment_start,
            "enrollment_end": course.enrollment_end,
            "course_start": course.start,
            "course_end": course.end,
            "invite_only": course.invitation_only,
            "course_modes": [
                {"slug": mode.mode_slug, "name": mode.mode_display_name, "sku": mode.sku}
                for mode in modes_of(course)
            ],
        },
    }
