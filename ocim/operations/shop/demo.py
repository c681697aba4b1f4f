"""A course for sale in the demo instance."""

from decimal import Decimal

from ocim.catalog import discovery_job
from ocim.core.errors import PermanentError
from ocim.core.instance import Service
from ocim.operations.context import Context
from ocim.operations.shop import remote
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.course import publication
from ocim.operations.shop.verify.scene import Scene
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
    """Create the course on the rehearsal platform, publish it at the shop, and index it."""
    key: str = remote.call(appserver, Service.STUDIO, "demo_studio.create", COURSE, context)
    publish(appserver, key, COURSE["title"], context)
    for words in (["refresh_course_metadata"], ["update_index", "--disable-change-limit"]):
        arguments = discovery_job.arguments(words)
        remote.call(appserver, Service.DISCOVERY, "commands.run", arguments, context)


def publish(appserver: OpenEdXAppServer, key: str, title: str, context: Context) -> None:
    """Publish a course of the LMS at the shop. Raise PermanentError if the shop refuses."""
    scene = Scene(appserver, context)
    with scene.browser() as browser:
        call = Caller(scene, browser, Service.ECOMMERCE)
        url = scene.url(Service.ECOMMERCE, "/api/v2/publication/")
        page = call("POST", url, json=publication(key, title, PRICE))
    if page.status not in (200, 201):
        raise PermanentError(f"The shop did not publish {key}: {page.text[:200]}")
