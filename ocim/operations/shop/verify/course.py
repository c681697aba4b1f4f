"""A course for sale: created in studio, priced and published by the shop, with a coupon."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.verification import Line
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.lines import Failed, failed, ok, require
from ocim.operations.shop.verify.people import PREFIX, Person
from ocim.operations.shop.verify.scene import Scene

RUN = "run"
PRICE = Decimal(1)
MODE = "verified"
TRIES = 30
"""Number of requests for a course that studio has just published, a second apart."""


@dataclass
class OnSale:
    """Course for sale, filled in as it is created."""

    token: str
    sku: str = ""
    code: str = ""
    """Code of the coupon, which the shop makes up: of one for the whole price nobody chooses it."""
    stock_record: int = 0

    @property
    def course(self) -> str:
        """Key of the course."""
        return f"course-v1:{PREFIX}+{self.token}+{RUN}"

    @property
    def title(self) -> str:
        """Title at the shop."""
        return f"{PREFIX} {self.token}"


def put_on_sale(scene: Scene, call: Caller, sale: OnSale, author: Person) -> Iterator[Line]:
    """Create course, seat and coupon, and check each where it has to arrive."""
    yield _course(scene, call, sale, author)
    yield _seat(scene, call, sale)
    yield _coupon(scene, call, sale)


def _course(scene: Scene, call: Caller, sale: OnSale, author: Person) -> Line:
    name = "purchase: course"
    created = scene.call(
        Service.STUDIO,
        "verify_studio.create",
        author=author.email,
        org=PREFIX,
        number=sale.token,
        run=RUN,
    )
    url = scene.url(Service.LMS, f"/api/courses/v1/courses/{sale.course}/?username={call.username}")
    for left in reversed(range(TRIES)):
        page = call("GET", url)
        if page.status == 200 or not left:  # noqa: PLR2004
            break
        scene.context.pause(1.0)
    remedy = "Studio has published the course and the LMS does not show it: are its workers up?"
    return ok(name, created, require(name, page, remedy=remedy))


def _seat(scene: Scene, call: Caller, sale: OnSale) -> Line:
    name = "purchase: seat"
    published = call(
        "POST", _api(scene, "publication/"), json=publication(sale.course, sale.title, PRICE)
    )
    require(name, published, 200, 201, remedy=_why_not_published(scene, published))
    listed = require(
        name, call("GET", _api(scene, f"courses/{sale.course}/products/")), remedy=scene.repair
    )
    record = _record(listed.data)
    if record is None:
        raise Failed(failed(name, "the shop lists no such seat", scene.repair, listed))
    sale.sku, sale.stock_record = str(record["partner_sku"]), int(record["id"])
    at_lms = call("GET", scene.url(Service.LMS, f"/api/commerce/v1/courses/{sale.course}/"))
    modes = require(name, at_lms, remedy=scene.repair).data["modes"]
    seen = [f"{mode['name']} {mode['price']} {str(mode['currency']).upper()}" for mode in modes]
    wanted = f"{MODE} {PRICE} {scene.shop.currency}"
    if wanted not in seen or str(record["price_currency"]).upper() != scene.shop.currency:
        remedy = (
            f"The shop sells in another currency than {scene.shop.currency}: compare"
            f" ECOMMERCE_OSCAR_DEFAULT_CURRENCY in `ocim config show {scene.name}`."
        )
        compared = f"the LMS has {', '.join(seen)}; expected {wanted}"
        raise Failed(failed(name, compared, remedy, at_lms))
    return ok(name, f"{wanted} at the shop and at the LMS", at_lms)


def _record(products: Any) -> dict[str, Any] | None:
    for product in products["results"]:
        for value in product["attribute_values"]:
            if value["name"] == "certificate_type" and value["value"] == MODE:
                record: dict[str, Any] = product["stockrecords"][0]
                return record
    return None


def _coupon(scene: Scene, call: Caller, sale: OnSale) -> Line:
    name, now = "purchase: coupon", scene.context.now()
    wanted = {
        "title": sale.title,
        "client": PREFIX,
        "category": {"name": "Other"},
        "benefit_type": "Percentage",
        "benefit_value": 100,
        "voucher_type": "Single use",
        "quantity": 1,
        "price": 0,
        "start_datetime": (now - timedelta(days=1)).isoformat(),
        "end_datetime": (now + timedelta(days=1)).isoformat(),
        "stock_record_ids": [sale.stock_record],
    }
    remedy = "The shop makes no coupons: its log says more."
    page = call("POST", _api(scene, "coupons/"), json=wanted)
    number = require(name, page, 200, 201, remedy=remedy).data["coupon_id"]
    shown = require(name, call("GET", _api(scene, f"coupons/{number}/")), remedy=remedy)
    sale.code = str(shown.data["code"])
    return ok(name, f"{sale.code}, 100 %", shown)


def publication(course: str, title: str, price: Decimal) -> dict[str, Any]:
    """Return the shop's publication of a course: free, or verified at the price."""

    def seat(amount: Decimal, *attributes: dict[str, Any]) -> dict[str, Any]:
        return {
            "product_class": "Seat",
            "expires": None,
            "price": f"{amount:.2f}",
            "attribute_values": list(attributes),
        }

    return {
        "id": course,
        "name": title,
        "verification_deadline": None,
        "products": [
            seat(Decimal(0), {"name": "id_verification_required", "value": False}),
            seat(
                price,
                {"name": "certificate_type", "value": MODE},
                {"name": "id_verification_required", "value": True},
            ),
        ],
    }


def _why_not_published(scene: Scene, page: Page) -> str:
    if "permission" in page.text or "403" in page.text:
        return (
            "The LMS does not let the shop's worker set prices: the user ecommerce_worker has lost"
            f" its permissions on course modes. {scene.again('permissions')} gives them back."
        )
    if "switch" in page.text:
        return "Turn the switch on in the shop's admin, at /admin/waffle/switch/."
    return f"The shop's log says more; the LMS has to take prices from it. {scene.repair}"


def _api(scene: Scene, path: str) -> str:
    return scene.url(Service.ECOMMERCE, f"/api/v2/{path}")
