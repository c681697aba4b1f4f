import logging
import math
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime

from rehearsal.discovery.course_metadata.loaders.loader import PAGE_SIZE, Loader
from rehearsal.discovery.course_metadata.models import CourseRun, Seat

log = logging.getLogger(__name__)


class TooFew(Exception):
    """Fewer courses arrived than were counted: some were removed meanwhile, or hidden."""


class EcommerceLoader(Loader):
    """Loader of the seats that the shop sells of each course run."""

    url_field = "ecommerce_api_url"

    def ingest(self) -> None:
        for pause in (*settings.LOADER_PAUSES, None):
            try:
                self.ingest_once()
            except TooFew as error:
                if pause is None:
                    raise
                log.warning("%s; trying again in %s seconds", error, pause)
                time.sleep(pause)
            else:
                return

    def ingest_once(self) -> None:
        courses = list(self.counted("courses/", include_products=True))
        codes = list(self.counted("products/", product_class="Enrollment Code"))
        entitlements = list(self.counted("products/", product_class="Course Entitlement"))
        if entitlements:
            log.warning(
                "%d entitlements are skipped: this shop sells course runs", len(entitlements)
            )
        for course in courses:
            run = CourseRun.objects.filter(key=course["id"], course__partner=self.partner).first()
            if run is None:
                log.warning("The shop sells %s, which the LMS does not have", course["id"])
            else:
                self.take(run, course["products"])
        for code in codes:
            self.take_code(code)

    def counted(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the results of all pages. Raise TooFew if some are missing at the end."""
        number = pages = 1
        arrived = count = 0
        while number <= pages:
            page = self.get(path, page=number, page_size=PAGE_SIZE, **query)
            count = page["count"]
            pages = math.ceil(count / PAGE_SIZE)
            arrived += len(page["results"])
            yield from page["results"]
            number += 1
        if arrived < count:
            raise TooFew(f"{self.url} counted {count} at {path} and sent {arrived}")

    @transaction.atomic
    def take(self, run: CourseRun, products: list[dict[str, Any]]) -> None:
        """Give the run the seats that are sold now, and remove all others."""
        kept = [
            self.seat(run, product)
            for product in products
            if product["structure"] == "child" and product["stockrecords"]
        ]
        run.seats.exclude(pk__in=[seat.pk for seat in kept]).delete()

    def seat(self, run: CourseRun, product: dict[str, Any]) -> Seat:
        attributes = attributes_of(product)
        stock = product["stockrecords"][0]
        seat, _ = Seat.objects.update_or_create(
            course_run=run,
            type=attributes.get("certificate_type") or "audit",
            currency=stock["price_currency"],
            credit_provider=attributes.get("credit_provider") or "",
            defaults={
                "price": price_of(stock),
                "sku": stock["partner_sku"],
                "upgrade_deadline": parse_datetime(product["expires"])
                if product.get("expires")
                else None,
            },
        )
        return seat

    def take_code(self, product: dict[str, Any]) -> None:
        """Store the SKU with which a seat is bought for many learners."""
        attributes = attributes_of(product)
        for stock in product["stockrecords"][:1]:
            Seat.objects.filter(
                course_run__key=attributes.get("course_key"),
                type=attributes.get("seat_type"),
                currency=stock["price_currency"],
            ).update(bulk_sku=stock["partner_sku"])


def attributes_of(product: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry["value"] for entry in product["attribute_values"]}


def price_of(stock: dict[str, Any]) -> str:
    """Return the price of a stock record. Raise KeyError if the release does not find it.

    Ecommerce renamed `price_excl_tax` to `price` in redwood. Discovery reads the old name up to
    sumac. In redwood.3 and teak it fails without the new one, and only then reads either.
    """
    if settings.RELEASE.needs_new_price:
        return str(stock.get("price_excl_tax", stock["price"]))
    if settings.RELEASE.before("teak"):
        return str(stock["price_excl_tax"])
    return str(stock["price_excl_tax"] if "price_excl_tax" in stock else stock["price"])
