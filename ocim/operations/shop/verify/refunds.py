"""The refunds of a purchase, through the shop's API."""

from ocim.core.instance import Service
from ocim.core.verification import Line
from ocim.operations.shop.verify.clients import Caller
from ocim.operations.shop.verify.lines import failed, ok, page_text, require
from ocim.operations.shop.verify.scene import Scene

COMPLETE = "Complete"


def refund(
    scene: Scene, call: Caller, course: str, username: str, name: str, *, settled: bool
) -> Line:
    """Request and approve a refund. `settled`: the order cost nothing, so no approval is needed."""
    url = scene.url(Service.ECOMMERCE, "/api/v2/refunds/")
    remedy = (
        "The shop's admin at /admin/refund/refund/ shows it; its log, and the processor's, why."
    )
    asked = call("POST", url, json={"course_id": course, "username": username})
    ids = require(name, asked, 200, 201, remedy=remedy).data or []
    if not ids:
        return failed(name, "the shop has no order to refund", remedy, asked)
    if settled:
        return ok(name, f"{', '.join(map(str, ids))}: settled", asked)
    for number in ids:
        done = call("PUT", f"{url}{number}/process/", json={"action": "approve"})
        status = done.data.get("status") if isinstance(done.data, dict) else None
        if status != COMPLETE:
            return failed(name, f"{number}: {status or page_text(done)}", remedy, done)
    return ok(name, f"{', '.join(map(str, ids))}: {COMPLETE}", done)
