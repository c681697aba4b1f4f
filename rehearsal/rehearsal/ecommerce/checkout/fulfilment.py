"""Giving buyers what they have bought: an enrollment at the LMS."""

import logging
from typing import Any

import requests
from django.conf import settings
from django.contrib.sites.models import Site
from waffle import sample_is_active

from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.lms import Lms, first_value
from rehearsal.ecommerce.core.models import SiteConfiguration
from rehearsal.ecommerce.courses.seats import SEAT, mode_of
from rehearsal.ecommerce.worker.queue import QueueDown, queue_fulfillment

logger = logging.getLogger(__name__)
OPEN, COMPLETE, ERROR = "Open", "Complete", "Fulfillment Error"
ASYNCHRONOUS = "async_order_fulfillment"


class NotEnrolled(Exception):
    """The LMS does not do as it is asked; `status` is what the order's line is then in."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def fulfill_or_queue(order: Any) -> None:
    """Queue the order for the worker if `async_order_fulfillment` is on; else fulfill it now."""
    if sample_is_active(ASYNCHRONOUS):
        try:
            queue_fulfillment(order.number)
        except QueueDown:
            logger.exception("Order %s is fulfilled at once: the queue is down.", order.number)
        else:
            return
    fulfill(order)


def fulfill(order: Any) -> bool:
    """Fulfill the lines of an order that are not fulfilled, and set its status.

    Return True if all lines are fulfilled now.
    """
    for line in order.lines.exclude(status=COMPLETE):
        try:
            if line.product is None or line.product.get_product_class().name == SEAT:
                enroll(line, is_active=True)
            status = COMPLETE
        except NotEnrolled as error:
            logger.error("Order %s is not fulfilled: %s", order.number, error)  # noqa: TRY400
            status = error.status
        line.status = status
        line.save(update_fields=["status"])
    done = not order.lines.exclude(status=COMPLETE).exists()
    reached = COMPLETE if done else ERROR
    if order.status != reached:
        order.set_status(reached)
    return done


def enroll(line: Any, *, is_active: bool) -> None:
    """Enroll the buyer of the seat, or end the enrollment, or raise NotEnrolled."""
    seat: Product | None = line.product
    order = line.order
    if seat is None or not settings.EDX_API_KEY:
        what = "the course is not sold any more" if seat is None else "EDX_API_KEY is not set"
        raise NotEnrolled("Fulfillment Configuration Error", what)
    body = {
        "user": order.user.username,
        "is_active": is_active,
        "mode": mode_of(seat),
        "course_details": {"course_id": seat.attr.course_key},
        "enrollment_attributes": [
            {"namespace": "order", "name": "order_number", "value": order.number},
            {"namespace": "order", "name": "date_placed", "value": order.date_placed.isoformat()},
        ],
    }
    try:
        answer = lms_of(order.site).post_enrollment(body)
    except requests.Timeout as error:
        raise NotEnrolled("Fulfillment Timeout Error", str(error)) from error
    except requests.RequestException as error:
        raise NotEnrolled("Fulfillment Network Error", str(error)) from error
    if answer.status_code != requests.codes.ok:
        reason = f"the LMS says {answer.status_code}: {first_value(answer)}"
        raise NotEnrolled("Fulfillment Server Error", reason)


def lms_of(site: Site) -> Lms:
    return Lms(SiteConfiguration.objects.get(site=site))
