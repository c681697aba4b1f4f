"""Prices, which the shop publishes to the platform."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse

from rehearsal.edxapp.course_modes.models import CourseMode
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.lms.api.requests import (
    Refused,
    api,
    body_of,
    has_api_key,
    moment,
    require_user,
)


@api("GET", "PUT")
def course(request: HttpRequest, course_id: str) -> JsonResponse:
    """Show a course with its modes; PUT replaces the modes.

    Open to the shared key and to users with the permission to change course modes.
    """
    needed = "view" if request.method == "GET" else "change"
    if not has_api_key(request) and not require_user(request).has_perm(
        f"course_modes.{needed}_coursemode"
    ):
        raise Refused(403, detail="You do not have permission to perform this action.")
    overview = CourseOverview.objects.filter(pk=course_id).first()
    if overview is None:
        status = 404 if request.method == "GET" else 400
        raise Refused(status, id=[f"Course {course_id} does not exist."])
    if request.method == "PUT":
        replace_modes(overview, body_of(request))
    return JsonResponse(description(overview))


@transaction.atomic
def replace_modes(course: CourseOverview, body: dict[str, Any]) -> None:
    modes = body.get("modes")
    if not isinstance(modes, list) or not all(isinstance(mode, dict) for mode in modes):
        raise Refused(400, modes=["A list of modes is expected."])
    names = [mode.get("name") for mode in modes]
    if not all(names) or len(set(names)) < len(names):
        raise Refused(400, modes=["Each mode needs a name of its own."])
    course.verification_deadline = moment(body, "verification_deadline")
    course.save(update_fields=["verification_deadline"])
    course.modes.exclude(mode_slug__in=names).delete()
    for mode in modes:
        CourseMode.objects.update_or_create(
            course=course,
            mode_slug=mode["name"],
            defaults={
                "mode_display_name": str(mode["name"]).replace("-", " ").title(),
                "min_price": price(mode.get("price") or 0),
                "currency": str(mode.get("currency") or "usd").lower(),
                "sku": mode.get("sku"),
                "bulk_sku": mode.get("bulk_sku"),
                "expiration_datetime": moment(mode, "expires"),
            },
        )


def price(value: Any) -> int:
    """Return a price in whole units of the currency: the platform keeps no fractions."""
    try:
        amount = int(Decimal(str(value)))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise Refused(400, modes=[f"'{value}' is no price."]) from error
    if amount < 0:
        raise Refused(400, modes=[f"'{value}' is no price."])
    return amount


def description(course: CourseOverview) -> dict[str, Any]:
    return {
        "id": course.id,
        "name": course.display_name,
        "verification_deadline": course.verification_deadline,
        "modes": [
            {
                "name": mode.mode_slug,
                "currency": mode.currency.upper(),
                "price": mode.min_price,
                "sku": mode.sku,
                "bulk_sku": mode.bulk_sku,
                "expires": mode.expiration_datetime,
            }
            for mode in course.modes.all()
        ],
    }
