"""Giving money back, and taking back what it was paid for."""

import logging
from typing import Any

from django.db import transaction
from oscar.core.loading import get_model

from rehearsal.ecommerce.checkout.fulfilment import NotEnrolled, enroll
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from rehearsal.ecommerce.payments.processors import GatewayError, processor
from rehearsal.ecommerce.refunds import models as refunds
from rehearsal.ecommerce.refunds.models import Refund

logger = logging.getLogger(__name__)
Line = get_model("order", "Line")


@transaction.atomic
def request_refunds(user: User, course_id: str) -> list[Refund]:
    """Create a refund for each line of an order of the course that has none, and return them."""
    lines = Line.objects.filter(
        order__user=user, product__course=course_id, status="Complete", refund_lines=None
    )
    made = []
    for line in lines.select_related("order"):
        refund = Refund.objects.create(
            order=line.order,
            user=user,
            total_credit_excl_tax=line.line_price_excl_tax,
            currency=line.order.currency,
            status=refunds.OPEN,
        )
        refund.lines.create(
            order_line=line, line_credit_excl_tax=line.line_price_excl_tax, quantity=line.quantity
        )
        made.append(refund)
    return made


def settle_free(requested: list[Refund]) -> None:
    """Approve those that give nothing back."""
    for refund in requested:
        if not refund.total_credit_excl_tax:
            approve(refund)


def approve(refund: Refund, *, revoke: bool = True) -> bool:
    """Give the money back and (with `revoke`) end the enrollment; True where both is done.

    What was done before is not done again. A refund that is settled stays as it is. A refund of
    nothing is settled without the end of the enrollment, since the real service lets the LMS,
    which may have asked for it, do that.
    """
    if refund.status in {refunds.COMPLETE, refunds.DENIED}:
        return refund.status == refunds.COMPLETE
    try:
        credit(refund)
        if revoke and refund.total_credit_excl_tax:
            end_enrollments(refund)
        refund.status = refunds.COMPLETE
    except GatewayError as error:
        logger.error("Refund %s: %s", refund.pk, error)  # noqa: TRY400
        refund.status = refunds.PAYMENT_REFUND_ERROR
    except NotEnrolled as error:
        logger.error("Refund %s: %s", refund.pk, error)  # noqa: TRY400
        refund.status = refunds.REVOCATION_ERROR
    refund.save(update_fields=["status"])
    return refund.status == refunds.COMPLETE


def deny(refund: Refund) -> bool:
    """Give nothing back; True where it is so."""
    if refund.status == refunds.OPEN:
        refund.status = refunds.DENIED
        refund.save(update_fields=["status"])
    return refund.status == refunds.DENIED


def credit(refund: Refund) -> None:
    source = refund.order.sources.first()
    if refund.credited or source is None or not refund.total_credit_excl_tax:
        return
    site = SiteConfiguration.objects.get(site=refund.order.site)
    reference = processor(source.source_type.code, site).credit(
        reference=source.reference,
        amount=refund.total_credit_excl_tax,
        currency=refund.currency,
        basket=refund.order.basket,
    )
    with transaction.atomic():
        source.refund(refund.total_credit_excl_tax, reference)
        refund.credited = True
        refund.save(update_fields=["credited"])


def end_enrollments(refund: Refund) -> None:
    line: Any
    for line in refund.lines.filter(revoked=False):
        enroll(line.order_line, is_active=False)
        line.revoked = True
        line.save(update_fields=["revoked"])
