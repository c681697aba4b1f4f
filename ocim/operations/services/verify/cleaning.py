"""Taking away what verifications made, by its names: what a killed one left, too."""

from collections.abc import Iterator

from ocim.core.errors import OcimError
from ocim.core.spec import Service
from ocim.core.verification import Line
from ocim.operations.services.verify.clients import Caller
from ocim.operations.services.verify.lines import Failed, failed, ok
from ocim.operations.services.verify.people import CODES, PREFIX
from ocim.operations.services.verify.refunds import refund
from ocim.operations.services.verify.scene import Scene

REMEDY = "What is left is named ocim-verify…; the next verification tries again to remove it."


def clean(scene: Scene, name: str) -> Iterator[Line]:
    """Everything, at each service, whatever fails at another."""
    removed: list[str] = []
    kept: list[str] = []
    faults: list[str] = []
    for at in (_refunds, _courses, _shop, _discovery, _people):
        try:
            gone, stays = at(scene)
            removed += gone
            kept += stays
        except Failed as found:
            faults.append(f"{found.line.name}: {found.line.compared}")
        except OcimError as error:
            faults.append(error.problem)
    if faults:
        yield failed(name, "; ".join(faults), REMEDY)
        return
    words = [f"removed {len(removed)}: {', '.join(removed)}" if removed else "nothing to remove"]
    if kept:
        words.append(f"orders {', '.join(kept)} stay in the shop's books, with their buyers")
    yield ok(name, "; ".join(words))


def _refunds(scene: Scene) -> tuple[list[str], list[str]]:
    if not scene.has(Service.ECOMMERCE):
        return [], []
    orders = scene.call(Service.ECOMMERCE, "verify_shop.orders", prefix=PREFIX)
    owed = [one for one in orders if one["owed"] and one["course"]]
    if owed:
        with scene.browser() as browser:
            call = Caller(scene, browser, Service.ECOMMERCE)
            for one in owed:
                # Best effort: an order that was never fulfilled has nothing to give back.
                refund(scene, call, one["course"], one["username"], "clean-up: refund")
    return [], []


def _courses(scene: Scene) -> tuple[list[str], list[str]]:
    courses = scene.call(Service.LMS, "verify_lms.leftovers", prefix=PREFIX)["courses"]
    if courses:
        scene.call(Service.STUDIO, "verify_studio.delete", courses=courses)
    return [f"course {one}" for one in courses], []


def _shop(scene: Scene) -> tuple[list[str], list[str]]:
    if not scene.has(Service.ECOMMERCE):
        return [], []
    found = scene.call(Service.ECOMMERCE, "verify_shop.clean", prefix=PREFIX, codes=CODES)
    return [f"{one} at the shop" for one in found["gone"]], list(found["orders"])


def _discovery(scene: Scene) -> tuple[list[str], list[str]]:
    if not scene.has(Service.DISCOVERY):
        return [], []
    if gone := scene.call(Service.DISCOVERY, "verify_discovery.clean", prefix=PREFIX):
        argv = ["update_index", "--disable-change-limit"]
        scene.call(Service.DISCOVERY, "commands.run", argv=argv)
    return [f"{gone} rows at discovery"] if gone else [], []


def _people(scene: Scene) -> tuple[list[str], list[str]]:
    gone = scene.call(Service.LMS, "verify_lms.remove", prefix=PREFIX)
    return [f"user {one}" for one in gone], []
