"""Checks of the shop's settings: its partner and its payment processors."""

from collections.abc import Iterator

from ocim.catalog.endpoints import public_host
from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.verification import Line
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.lines import failed, ok, require
from ocim.operations.shop.verify.scene import Scene


def shop(scene: Scene) -> Iterator[Line]:
    """Check the shop's partner, by its API, and its payment processors."""
    if not scene.has(Service.ECOMMERCE):
        return
    with scene.browser() as browser:
        call = Caller(scene, browser, Service.ECOMMERCE)
        yield _partner(scene, call("GET", _api(scene, "partners/?page_size=100")))
    yield _processors(scene)


def _partner(scene: Scene, page: Page) -> Line:
    name, wanted = "ecommerce: partner", scene.shop.partner_code
    partners = require(name, page, remedy=scene.repair).data
    codes = [str(partner.get("short_code")) for partner in partners.get("results", [])]
    if wanted in codes:
        return ok(name, wanted, page)
    return failed(
        name,
        f"{', '.join(codes) or 'none'}; expected {wanted}",
        "The partner's code was changed in the shop's admin (/admin/partner/partner/), and the keys"
        f" of its payment processors go by that code: change it back, or {scene.again('site')}.",
        page,
    )


def _processors(scene: Scene) -> Line:
    """Check the site's list and the switches in the shop's database.

    The API answers what it answered up to 30 minutes ago.
    """
    name, wanted = "ecommerce: payment processors", scene.shop.processors
    domain = public_host(scene.instance, Service.ECOMMERCE)
    present = scene.call(Service.ECOMMERCE, "verify_shop.processors", domain=domain)
    offered = [processor for processor in present["listed"] if processor in present["on"]]
    missing = [processor for processor in wanted if processor not in offered]
    if not missing:
        return ok(name, ", ".join(offered) or "none, as none has keys")
    switches = ", ".join(f"payment_processor_active_{processor}" for processor in missing)
    return failed(
        name,
        f"{', '.join(offered) or 'none'} on; {', '.join(missing)} has keys and is off",
        f"Turn on {switches} in the shop's admin (/admin/waffle/switch/), where the site"
        f" configuration lists {' and '.join(missing)}; or {scene.again('switches')}.",
    )


def _api(scene: Scene, path: str) -> str:
    return scene.url(Service.ECOMMERCE, f"/api/v2/{path}")
