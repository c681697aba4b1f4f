"""The course list, which discovery reads, and single courses."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.utils import timezone

from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.lms.api.requests import Refused, api, links, page_of


@api("GET")
def course_list(request: HttpRequest) -> JsonResponse:
    """List published courses. `org`, `active_only` and `username` narrow the list."""
    refuse_other_users(request)
    courses = CourseOverview.objects.published()
    if org := request.GET.get("org"):
        courses = courses.filter(org=org)
    if request.GET.get("active_only", "").lower() in {"1", "true"}:
        courses = courses.active(timezone.now())
    page = page_of(request, courses, size=10)
    return JsonResponse(
        {
            "results": [description(request, course) for course in page],
            "pagination": {
                **links(request, page),
                "count": page.paginator.count,
                "num_pages": page.paginator.num_pages,
            },
        }
    )


@api("GET")
def course_detail(request: HttpRequest, course_id: str) -> JsonResponse:
    refuse_other_users(request)
    course = CourseOverview.objects.published().filter(pk=course_id).first()
    if course is None:
        raise Refused(404, detail="Not found.")
    return JsonResponse({**description(request, course), "overview": course.short_description})


def refuse_other_users(request: HttpRequest) -> None:
    """Refuse requests for another user's courses, except by staff."""
    username = request.GET.get("username")
    if username and username != request.user.get_username() and not request.user.is_staff:
        raise Refused(403, detail="You may not see another user's courses.")


def description(request: HttpRequest, course: CourseOverview) -> dict[str, Any]:
    image = static("rehearsal/course.svg")
    absolute = request.build_absolute_uri(image)
    return {
        "id": course.id,
        "course_id": course.id,
        "name": course.display_name,
        "number": course.number,
        "org": course.org,
        "short_description": course.short_description,
        "start": course.start,
        "end": course.end,
        "enrollment_start": course.enrollment_start,
        "enrollment_end": course.enrollment_end,
        "start_display": course.start.strftime("%B %d, %Y").replace(" 0", " ")
        if course.start
        else None,
        "start_type": "timestamp" if course.start else "empty",
        "pacing": "self" if course.self_paced else "instructor",
        "invitation_only": course.invitation_only,
        "hidden": False,
        "mobile_available": False,
        "effort": None,
        "blocks_url": None,
        "media": {
            "course_image": {"uri": image},
            "course_video": {"uri": None},
            "image": {"raw": absolute, "small": absolute, "large": absolute},
        },
    }
