"""Check of the sign-on at both services, through the LMS."""

from collections.abc import Iterator

from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.verification import Line
from ocim.operations.shop.verify.lines import Failed, failed, ok, require
from ocim.operations.shop.verify.people import Person, make, sign_in
from ocim.operations.shop.verify.scene import Scene
from ocim.ports.browsers import Browser

MEMBERS_ONLY = {
    Service.ECOMMERCE: "/api/v2/orders/?page_size=1",
    Service.DISCOVERY: "/api/v1/course_runs/?limit=1",
}
"""Paths that only signed-in users see."""


def sign_on(scene: Scene, person: Person) -> Iterator[Line]:
    """Check the login address of each service, in one browser."""
    make(scene, [person])
    with scene.browser() as browser:
        yield ok("lms: sign-in", person.username, sign_in(scene, browser, person))
        for service, path in MEMBERS_ONLY.items():
            if scene.has(service):
                yield _of(scene, browser, service, path)


def _of(scene: Scene, browser: Browser, service: Service, members_only: str) -> Line:
    name = f"{service.value}: sign-on"
    page = browser.request("GET", scene.url(service, "/login"))
    try:
        if not page.passed(scene.url(service, scene.traits.callback_path)):
            require(name, page, remedy=_remedy(scene, service))
            return failed(name, _ended(page), _remedy(scene, service), page)
        if page.url.startswith(scene.url(service, scene.traits.callback_path)):
            require(name, page, remedy=_remedy(scene, service))
        shown = require(
            name,
            browser.request("GET", scene.url(service, members_only)),
            remedy=f"The sign-on came to its end and is not known afterwards. {scene.repair}",
        )
    except Failed as failure:
        return failure.line
    return ok(name, f"by {scene.traits.sign_on_backend}, signed in afterwards", shown)


def _ended(page: Page) -> str:
    return f"it ended at {page.url.partition('?')[0]} instead of the service"


def _remedy(scene: Scene, service: Service) -> str:
    return (
        f"{service.value}'s client for sign-on differs at the LMS: its secret, its redirect address"
        f" {scene.url(service, scene.traits.callback_path)}, or its trust."
        f" {scene.again('clients')} sets them."
    )
