"""Seats: the modes in which a course is sold, as products of the shop."""

import hashlib
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from oscar.core.loading import get_model

from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.courses.models import Course

ProductClass = get_model("catalogue", "ProductClass")
StockRecord = get_model("partner", "StockRecord")

SEAT = "Seat"


def seats_of(course: Course) -> list[Product]:
    """Return the course's seats, cheapest first."""
    seats = course.products.filter(structure=Product.CHILD)
    return sorted(seats, key=lambda seat: (seat.stockrecords.get().price, seat.pk))


def put_seat(
    course: Course,
    *,
    certificate_type: str,
    id_verification_required: bool,
    price: Decimal,
    expires: datetime | None,
) -> Product:
    """Create or update the course's seat of a type; an empty type is the audit seat."""
    parent, _made = course.products.get_or_create(
        structure=Product.PARENT,
        defaults={
            "title": f"Seat in {course.name}",
            "product_class": ProductClass.objects.get(name=SEAT),
        },
    )
    sku = sku_of(course, certificate_type, id_verification_required)
    record = StockRecord.objects.filter(partner=course.partner, partner_sku=sku).first()
    seat = record.product if record else Product(structure=Product.CHILD, parent=parent)
    seat.course, seat.expires = course, expires
    seat.title = title_of(course, certificate_type, id_verification_required)
    seat.attr.course_key = course.id
    seat.attr.id_verification_required = id_verification_required
    if certificate_type:
        seat.attr.certificate_type = certificate_type
    seat.save()
    StockRecord.objects.update_or_create(
        product=seat,
        partner=course.partner,
        defaults={
            "partner_sku": sku,
            "price": price,
            "price_currency": settings.OSCAR_DEFAULT_CURRENCY,
        },
    )
    return seat


def mode_of(seat: Product) -> str:
    """Return the LMS's mode for the seat."""
    certificate_type = getattr(seat.attr, "certificate_type", None)
    if certificate_type == "professional" and not seat.attr.id_verification_required:
        return "no-id-professional"
    return certificate_type or "audit"


def title_of(course: Course, certificate_type: str, id_verification_required: bool) -> str:
    title = f"Seat in {course.name}"
    if certificate_type:
        title += f" with {certificate_type} certificate"
    return f"{title} (and ID verification)" if id_verification_required else title


def sku_of(course: Course, certificate_type: str, id_verification_required: bool) -> str:
    """Return the seat's SKU: seven characters that depend only on its facts."""
    parts = (course.id, certificate_type, str(id_verification_required), str(course.partner_id))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:7].upper()
