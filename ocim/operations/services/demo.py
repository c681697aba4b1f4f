"""A course for sale, for those who want to see a shop before they have one."""

from decimal import Decimal
from typing import Any

from ocim.core.errors import OutsideRefusal
from ocim.core.spec import Service
from ocim.operations.context import Context
from ocim.operations.services import remote
from ocim.operations.services.verify.clients import Caller
from ocim.operations.services.verify.scene import Scene
from ocim.store.models import OpenEdXAppServer

COURSE = {
    "org": "Demo",
    "number": "SHOP101",
    "run": "now",
    "title": "How to run a shop",
    "about": "Sign in, buy it with the card 4242 4242 4242 4242, and find it among your courses.",
}
PRICE = Decimal(49)


def sell_a_course(appserver: OpenEdXAppServer, context: Context) -> None:
    """On the rehearsal platform: make it, have it published by the shop, and found by search."""
    key: str = remote.call(appserver, Service.STUDIO, "demo_studio.create", COURSE, context)
    publish(appserver, key, COURSE["title"], context)
    for words in (["refresh_course_metadata"], ["update_index", "--disable-change-limit"]):
        remote.call(appserver, Service.DISCOVERY, "commands.run", {"argv": words}, context)


def publish(appserver: OpenEdXAppServer, key: str, title: str, context: Context) -> None:
    """Have the shop sell a course of the LMS."""
    scene = Scene(appserver, context)
    with scene.browser() as browser:
        call = Caller(scene, browser, Service.ECOMMERCE)
        url = scene.url(Service.ECOMMERCE, "/api/v2/publication/")
        page = call("POST", url, json=_publication(key, title))
    if page.status not in (200, 201):
        raise OutsideRefusal(f"The shop did not publish {key}: {page.text[:200]}")


def _publication(key: str, title: str) -> dict[str, Any]:
    def seat(price: Decimal, **attributes: object) -> dict[str, Any]:
        return {
            "product_class": "Seat",
            "expires": None,
            "price": f"{price:.2f}",
            "attribute_values": [
                {"name": name, "value": value} for name, value in attributes.items()
            ],
        }

    return {
        "id": key,
        "name": title,
        "verification_deadline": None,
        "products": [
            seat(Decimal(0), id_verification_required=False),
            seat(PRICE, certificate_type="verified", id_verification_required=True),
        ],
    }
