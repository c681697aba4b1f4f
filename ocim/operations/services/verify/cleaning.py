"""Taking away what verifications made, by its names: what a killed one left, too."""

from collections.abc import Iterator

from ocim.core.errors import OcimError
from ocim.core.spec import Service
from ocim.core.verification import Line
from ocim.operations.services.remote import Call
from ocim.operations.services.verify.clients import Caller
from ocim.operations.services.verify.lines import Failed, failed, ok
from ocim.operations.services.verify.people import CODES, PREFIX
from ocim.operations.services.verify.refunds import refund
from ocim.operations.services.verify.scene import Scene

SHOWN = 3
"""Orders that are named: every purchase leaves some."""
REMEDY = f"What is left is named {PREFIX}…; the next verification tries again to remove it."


def clean(scene: Scene, name: str, *, bought: bool) -> Iterator[Line]:
    """Everything, at each service, whatever fails at another.

    `bought` says that there may be a course and orders, besides people.
    """
    calls = [Call(Service.LMS, "verify_lms.remove", {"prefix": PREFIX})]
    if bought:
        calls += _of_purchases(scene)
    if scene.has(Service.ECOMMERCE):
        given = {"prefix": PREFIX, "codes": CODES}
        calls.append(Call(Service.ECOMMERCE, "verify_shop.clean", given))
    if scene.has(Service.DISCOVERY):
        calls.append(Call(Service.DISCOVERY, "verify_discovery.clean", {"prefix": PREFIX}))
    answers = scene.call_all(*calls)
    if faults := [one.problem for one in answers if isinstance(one, OcimError)]:
        yield failed(name, "; ".join(faults), REMEDY)
        return
    gone = [
        f"{count} {kind[:-1] if count == 1 else kind} at {call.service.value}"
        for call, answer in zip(calls, answers, strict=True)
        for kind, count in answer["gone"].items()
    ]
    kept = [number for answer in answers for number in answer.get("orders", [])]
    words = [f"removed {', '.join(gone)}" if gone else "nothing to remove"]
    if kept:
        newest = ", ".join(kept[-SHOWN:])
        words.append(f"{len(kept)} orders stay in the shop's books with their buyers: … {newest}")
    yield ok(name, "; ".join(words))


def _of_purchases(scene: Scene) -> list[Call]:
    """Give back what is owed, and say how to delete the courses."""
    given = {"prefix": PREFIX}
    courses, *orders = scene.call_all(
        Call(Service.LMS, "verify_lms.courses", given),
        *[
            Call(service, "verify_shop.orders", given)
            for service in (Service.ECOMMERCE,)
            if scene.has(service)
        ],
    )
    for found in (courses, *orders):
        if isinstance(found, OcimError):
            raise found
    _give_back(scene, [one for of in orders for one in of if one["owed"] and one["course"]])
    return [Call(Service.STUDIO, "verify_studio.delete", {"courses": courses})] if courses else []


def _give_back(scene: Scene, orders: list[dict[str, str]]) -> None:
    """As far as it goes: an order that was never fulfilled has nothing to give back."""
    if not orders:
        return
    try:
        with scene.browser() as browser:
            call = Caller(scene, browser, Service.ECOMMERCE)
            for one in orders:
                refund(scene, call, one["course"], one["username"], "clean-up", settled=False)
    except Failed:
        return
