"""Checks that the services answer, and fast enough for one another."""

from collections.abc import Iterator

from ocim.catalog.endpoints import ENDPOINTS
from ocim.core.instance import Service
from ocim.core.verification import Line
from ocim.operations.shop.verify.lines import Failed, failed, ok, require
from ocim.operations.shop.verify.scene import Scene

WAIT = "discovery_read_timeout"
"""Variable with the seconds that discovery waits for an answer of the LMS."""
LONGEST = 4.0
"""Seconds that are acceptable if the variable is not set."""


def answers(scene: Scene) -> Iterator[Line]:
    """Check the health of the LMS and of each service. A bad certificate shows here first."""
    with scene.browser() as browser:
        for service in (Service.LMS, Service.ECOMMERCE, Service.DISCOVERY):
            if not scene.has(service):
                continue
            name = f"{service.value}: health"
            url = scene.url(service, ENDPOINTS[service].health_path)
            try:
                page = require(
                    name,
                    browser.request("GET", url),
                    remedy="Its log says why: `ocim appserver logs"
                    f" {scene.appserver.pk}`, `ocim appserver shell {scene.appserver.pk}`.",
                )
                yield ok(name, f"{page.seconds:.1f} s", page)
            except Failed as failure:
                yield failure.line


def speed(scene: Scene) -> Iterator[Line]:
    """Check the speed of the LMS: discovery, and the shop after a payment, do not wait long."""
    name, longest = "lms: speed", float(scene.variables.get(WAIT) or LONGEST)
    url = scene.url(Service.LMS, ENDPOINTS[Service.LMS].health_path)
    with scene.browser() as browser:
        # The faster of two: the first request may have to start a process.
        page = min((browser.request("GET", url) for _ in range(2)), key=lambda page: page.seconds)
    if page.status is None or page.seconds < longest:
        yield ok(name, f"{page.seconds:.1f} s, at most {longest:g} s", page)
        return
    yield failed(
        name,
        f"{page.seconds:.1f} s for the simplest page; discovery waits {longest:g} s for an answer",
        "The LMS is too slow: look at the load of its host and of its database, and give it a"
        " larger one; the next steps may fail for the same reason.",
        page,
    )
