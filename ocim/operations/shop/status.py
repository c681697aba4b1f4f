"""States of an instance's set-up steps: done, pending, changed by hand or unknown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ocim.operations.context import Context
from ocim.operations.shop import steps
from ocim.operations.shop.set_up import served_by
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance, ServiceStep

State = Literal["done", "pending", "changed by hand", "unknown"]


@dataclass(frozen=True, slots=True)
class Line:
    """State of a set-up step, with a remedy."""

    step: str
    about: str
    state: State
    detail: str
    remedy: str
    at: datetime | None
    """Time at which Ocim last ran it, or found it done."""
    appserver: int | None
    """Id of the app server at that time."""


def status(instance: OpenEdXInstance, context: Context) -> list[Line]:
    """Return the state of every set-up step on the app server that serves the instance.

    Change nothing. Raise Conflict if no app server runs.
    """
    appserver = served_by(instance)
    examined = steps.examine(appserver, steps.chosen(appserver, (), context), context)
    last = {
        record.step: record
        for record in ServiceStep.objects.filter(instance=instance).order_by("id")
    }
    return [_line(step, appserver, last.get(step.step.name)) for step in examined]


def _line(
    examined: steps.ExaminedStep, appserver: OpenEdXAppServer, last: ServiceStep | None
) -> Line:
    step, status = examined.step, examined.status
    again = f"ocim services setup {appserver.instance_id} --step {step.name}"
    state: State
    if status is None:
        state, detail, remedy = "unknown", examined.problem, ""
    elif not status.exists:
        state, detail, remedy = "pending", "there is nothing yet", again
    elif status.is_pending:
        state, detail, remedy = "pending", f"to be set: {', '.join(status.changing)}", again
    elif status.drifted:
        state, remedy = "changed by hand", f"{again} --force"
        detail = f"differs in the service: {', '.join(status.drifted)}"
    else:
        edited = f"left as edited in the service: {', '.join(status.edited)}"
        state, detail, remedy = "done", edited if status.edited else "", ""
    if state == "pending" and last and last.failure:
        detail = last.failure
    if note := examined.observation.get("note"):
        detail = "; ".join(filter(None, (detail, note)))
    return Line(
        step=step.name,
        about=step.about,
        state=state,
        detail=detail,
        remedy=remedy,
        at=last.created_at if last else None,
        appserver=last.appserver_id if last else None,
    )
