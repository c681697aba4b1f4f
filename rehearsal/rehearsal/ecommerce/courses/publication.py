"""Telling the LMS what a course costs."""

from typing import Any

from django.utils.dateparse import parse_datetime
from waffle import switch_is_active

from rehearsal.common.oauth_client import LmsRefused
from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.lms import Lms
from rehearsal.ecommerce.core.models import SiteConfiguration
from rehearsal.ecommerce.courses.models import Course
from rehearsal.ecommerce.courses.seats import mode_of, seats_of

SWITCH = "publish_course_modes_to_lms"


class NotPublished(Exception):
    """The LMS does not have the course's prices; the text says why."""


def publish(course: Course, configuration: SiteConfiguration) -> None:
    """Send the course with all its seats to the LMS. Raises NotPublished."""
    if not switch_is_active(SWITCH):
        raise NotPublished(
            f"Course [{course.id}] was not published to LMS because the switch [{SWITCH}] is "
            "disabled. To avoid ghost SKUs, data has not been saved."
        )
    body = {
        "id": course.id,
        "name": course.name,
        "verification_deadline": as_text(course.verification_deadline),
        "modes": [mode(seat) for seat in seats_of(course)],
    }
    try:
        Lms(configuration).put_course(course.id, body)
    except LmsRefused as refused:
        raise NotPublished(
            f"Failed to publish commerce data for {course.id} to LMS. {refused}"
        ) from refused


def mode(seat: Product) -> dict[str, Any]:
    record = seat.stockrecords.get()
    return {
        "name": mode_of(seat),
        "currency": record.price_currency,
        "price": int(record.price),
        "sku": record.partner_sku,
        "bulk_sku": None,
        "expires": as_text(seat.expires),
    }


def as_text(moment: Any) -> str | None:
    """Return a date and time, which may be a text, in ISO 8601."""
    if isinstance(moment, str):
        moment = parse_datetime(moment)
    return moment.isoformat() if moment else None
