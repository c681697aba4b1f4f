"""Removal of what verifications created, found by its names."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ocim.catalog import discovery_job
from ocim.core.errors import OcimError
from ocim.core.instance import Service
from ocim.core.texts import plural
from ocim.core.verification import Line
from ocim.operations.shop.remote import Call
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.lines import Failed, failed, ok
from ocim.operations.shop.verify.people import PREFIX
from ocim.operations.shop.verify.refunds import refund
from ocim.operations.shop.verify.scene import Scene

SHOWN = 3
"""Number of orders that a line names; every purchase leaves some."""
REMEDY = f"What is left is named {PREFIX}…; the next verification tries again to remove it."


def clean(scene: Scene, name: str, *, bought: bool) -> Iterator[Line]:
    """Remove everything at each service, even if another one fails.

    `bought` says that there may be a course and orders, besides people.
    """
    before = _before_courses_go(scene) if bought else []
    faults = [entry.problem for entry in before if isinstance(entry, OcimError)]
    calls = [
        *(entry for entry in before if isinstance(entry, Call)),
        Call(Service.LMS, "verify_lms.remove", {"prefix": PREFIX}),
    ]
    if scene.has(Service.ECOMMERCE):
        calls.append(Call(Service.ECOMMERCE, "verify_shop.clean", {"prefix": PREFIX}))
    if scene.has(Service.DISCOVERY):
        calls.append(Call(Service.DISCOVERY, "verify_discovery.clean", {"prefix": PREFIX}))
    answers = scene.call_all(*calls)
    if scene.has(Service.DISCOVERY) and _has_gone(answers[-1]):
        # What was removed is known, so that the limit of changes would guard nothing.
        words = [discovery_job.UPDATE, "--disable-change-limit"]
        index = Call(Service.DISCOVERY, "commands.run", discovery_job.arguments(words))
        faults += [entry.problem for entry in scene.call_all(index) if isinstance(entry, OcimError)]
    if faults := [
        *faults,
        *(answer.problem for answer in answers if isinstance(answer, OcimError)),
    ]:
        yield failed(name, "; ".join(faults), REMEDY)
        return
    gone = [
        f"{plural(count, kind[:-1], kind)} at {call.service.value}"
        for call, answer in zip(calls, answers, strict=True)
        for kind, count in answer["gone"].items()
    ]
    kept = [number for answer in answers for number in answer.get("orders", [])]
    words = [f"removed {', '.join(gone)}" if gone else "nothing to remove"]
    if kept:
        newest = ", ".join(kept[-SHOWN:])
        words.append(
            f"kept in the shop's books with their buyers: {plural(len(kept), 'order')}, … {newest}"
        )
    yield ok(name, "; ".join(words))


def _has_gone(answer: Any) -> bool:
    return not isinstance(answer, OcimError) and bool(answer["gone"])


def _before_courses_go(scene: Scene) -> list[Call | OcimError]:
    """Return the calls that delete the courses, and errors, after refunds of their orders."""
    names = {"prefix": PREFIX}
    calls = [Call(Service.LMS, "verify_lms.courses", names)]
    if scene.has(Service.ECOMMERCE):
        calls.append(Call(Service.ECOMMERCE, "verify_shop.orders", names))
    courses, *orders = scene.call_all(*calls)
    for answer in orders:
        if not isinstance(answer, OcimError):
            _give_back(scene, [order for order in answer if order["owed"] and order["course"]])
    faults = [answer for answer in (courses, *orders) if isinstance(answer, OcimError)]
    if not courses or isinstance(courses, OcimError):
        return [*faults]
    return [*faults, Call(Service.STUDIO, "verify_studio.delete", {"courses": courses})]


def _give_back(scene: Scene, orders: list[dict[str, str]]) -> None:
    """Refund orders, as far as possible: one that was never fulfilled cannot be refunded."""
    if not orders:
        return
    with scene.browser() as browser, suppress(Failed):
        call = Caller(scene, browser, Service.ECOMMERCE)
        for order in orders:
            with suppress(Failed):
                refund(scene, call, order["course"], order["username"], "clean-up", settled=False)
