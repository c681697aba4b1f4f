"""The purchase: a learner with a coupon, one who pays in a sandbox; order, enrollment, refund."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qs, urlsplit

from ocim.catalog.shop.processors import reason_against_test
from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.provisioning import TUTOR
from ocim.core.verification import Line
from ocim.operations.shop.verify import buying
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.course import MODE, PRICE, OnSale, put_on_sale
from ocim.operations.shop.verify.lines import Failed, failed, ok, page_text, require
from ocim.operations.shop.verify.people import Person, make, sign_in
from ocim.operations.shop.verify.refunds import refund
from ocim.operations.shop.verify.scene import Scene
from ocim.ports.browsers import Browser

TRIES = 20
"""Number of requests for something that a worker does later, a second apart."""
_NATIVE_WORKER = "`supervisorctl status ecomworker` on the app server"
COMPLETE, OPEN = "Complete", "Open"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Buyer, with a way to get the course."""

    who: Person
    name: str
    due: Decimal
    buy: Callable[[Browser], Page]


def refused(scene: Scene) -> list[Line]:
    """Return a line for each payment processor that no test may use."""
    return [
        failed(
            f"purchase: payment with {processor}",
            f"refused: {reason}",
            "A test purchase takes no real money: give the shop the keys of the processor's sandbox"
            " for as long as it is tested, or verify it without --purchase.",
        )
        for processor in scene.shop.processors
        if (reason := reason_against_test(processor, buying.keys_of(scene, processor)))
    ]


def buy(scene: Scene, token: str, people: Sequence[Person]) -> Iterator[Line]:
    """Buy a course: by a learner with a coupon, and by one for each of the shop's processors.

    A failure of one buyer does not stop the next. `people` begins with the course's author.
    """
    make(scene, people)
    author, redeemer, *payers = people
    sale = OnSale(token)
    with scene.browser() as api:
        call = Caller(scene, api, Service.ECOMMERCE)
        yield from put_on_sale(scene, call, sale, author)
        for buyer in _buyers(scene, sale, redeemer, payers):
            try:
                yield from _bought(scene, call, sale, buyer)
            except Failed as failure:
                yield failure.line


def _buyers(
    scene: Scene, sale: OnSale, redeemer: Person, payers: Sequence[Person]
) -> Iterator[Buyer]:
    redeem = f"/coupons/redeem/?code={sale.code}&sku={sale.sku}"
    url = scene.url(Service.ECOMMERCE, redeem)
    yield Buyer(
        redeemer, "with the coupon", Decimal(0), lambda browser: browser.request("GET", url)
    )
    for processor, payer in zip(scene.shop.processors, payers, strict=True):
        # Bind the name now: the loop has gone on when the function runs.
        def pay(browser: Browser, processor: str = processor) -> Page:
            return buying.pay(scene, browser, processor, sale.sku)

        yield Buyer(payer, f"with {processor}", PRICE, pay)


def _bought(scene: Scene, call: Caller, sale: OnSale, buyer: Buyer) -> Iterator[Line]:
    with scene.browser() as browser:
        sign_in(scene, browser, buyer.who)
        number, line = _receipt(scene, buyer, buyer.buy(browser))
        yield line
        yield _order(scene, call, buyer, number)
        yield _enrollment(scene, browser, sale, buyer, active=True, refunded=False)
        name, settled = f"purchase: refund {buyer.name}", not buyer.due
        yield refund(scene, call, sale.course, buyer.who.username, name, settled=settled)
        # The shop revokes nothing for a refund of nothing.
        yield _enrollment(scene, browser, sale, buyer, active=settled, refunded=True)


def _receipt(scene: Scene, buyer: Buyer, page: Page) -> tuple[str, Line]:
    name = f"purchase: receipt {buyer.name}"
    remedy = "The shop did not sell: its page, and its log, say why."
    require(name, page, remedy=remedy)
    number = parse_qs(urlsplit(page.url).query).get("order_number", [""])[0]
    if not page.url.startswith(scene.url(Service.ECOMMERCE, buying.RECEIPT)) or not number:
        raise Failed(failed(name, f"no receipt: {page_text(page)}", remedy, page))
    return number, ok(name, f"order {number}", page)


def _order(scene: Scene, call: Caller, buyer: Buyer, number: str) -> Line:
    name = f"purchase: order {buyer.name}"
    url = scene.url(Service.ECOMMERCE, f"/api/v2/orders/{number}/")
    for _ in range(TRIES):
        page = require(name, call("GET", url), remedy=scene.repair)
        if page.data["status"] != OPEN:
            break
        scene.context.pause(1.0)
    order = page.data
    compared = f"{number}: {order['status']}, {order['total_excl_tax']} {order['currency']}"
    if order["status"] == OPEN:
        by_tutor = scene.appserver.provisioner == TUTOR
        look = "the log of its container `ecommerce-worker`" if by_tutor else _NATIVE_WORKER
        remedy = f"The shop's worker does not fulfil orders: {look} says more."
        raise Failed(failed(name, compared, remedy, page))
    if order["status"] != COMPLETE:
        page_of_order = scene.url(Service.ECOMMERCE, f"/dashboard/orders/{number}/")
        remedy = (
            "The LMS refused to enrol who has paid. The shop's log has its answer, the LMS's log"
            " the reason; EDXAPP_EDX_API_KEY and ECOMMERCE_EDX_API_KEY must be the same. Afterwards"
            f" enrol who waits by `Retry Fulfillment` at {page_of_order}."
        )
        raise Failed(failed(name, compared, remedy, page))
    expected = f"{buyer.due:.2f} {scene.shop.currency}"
    if _amount(order["total_excl_tax"]) != buyer.due or order["currency"] != scene.shop.currency:
        remedy = "The shop took another amount than it asked for: look at its currency and taxes."
        raise Failed(failed(name, f"{compared}; expected {expected}", remedy, page))
    return ok(name, compared, page)


def _amount(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def _enrollment(
    scene: Scene, browser: Browser, sale: OnSale, buyer: Buyer, *, active: bool, refunded: bool
) -> Line:
    name = f"purchase: enrollment {buyer.name}{', after the refund' if refunded else ''}"
    path = f"/api/enrollment/v1/enrollment/{buyer.who.username},{sale.course}"
    for left in reversed(range(TRIES)):
        page = require(
            name, browser.request("GET", scene.url(Service.LMS, path)), remedy=scene.repair
        )
        enrollment = page.data or {}
        is_right = enrollment.get("is_active", False) is active and enrollment.get("mode") == MODE
        if is_right or not left:
            break
        scene.context.pause(1.0)
    word = "active" if enrollment.get("is_active") else "not active"
    compared = f"{enrollment.get('mode') or 'none'}, {word}"
    if is_right:
        return ok(name, compared, page)
    wanted = f"{MODE}, {'active' if active else 'not active'}"
    remedy = (
        "The order is complete and the enrollment is not as it should be: the LMS's log, and its"
        " admin at /admin/student/courseenrollment/, say what became of it."
    )
    raise Failed(failed(name, f"{compared}; expected {wanted}", remedy, page))
