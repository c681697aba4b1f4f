"""The history of an active app server that died: log lines, events, and notices of them."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from ocim.core.actions import Action, SendNotices
from ocim.core.notices import Notice, NoticeKind
from ocim.core.states import AppServerEventKind
from ocim.operations.context import Context
from ocim.operations.logs import say
from ocim.operations.notices import deliver, due
from ocim.store.models import AppServerEvent, Job, OpenEdXAppServer

_K = AppServerEventKind
GOOD: dict[AppServerEventKind, NoticeKind] = {_K.RECOVERED: "success", _K.REPLACED: "warning"}
"""Kinds of the notices that report no failure."""


def record_event(
    appserver: OpenEdXAppServer,
    kind: AppServerEventKind,
    reason: str,
    *,
    context: Context,
    job: Job | None = None,
) -> list[Action]:
    """Record an event, once for each job. Return the action that notifies people of it."""
    event = AppServerEvent.objects.filter(job=job, kind=kind).first() if job else None
    if event is None:
        level = "info" if kind is _K.RECOVERED else "error"
        with transaction.atomic():
            say(appserver, f"It {kind}. {reason}".strip(), context=context, level=level)
            event = AppServerEvent.objects.create(
                appserver=appserver, job=job, created_at=context.now(), kind=kind, reason=reason
            )
    return [SendNotices(event.pk, of="appserver")]


def send(*, event_id: int, address: str, context: Context) -> list[Action]:
    """Notify every target that was not notified yet; if that fails, try again later."""
    events = AppServerEvent.objects.select_related("appserver__instance")
    later = deliver(events, event_id, lambda event: _notice(event, address), context)
    return [SendNotices(event_id, later, of="appserver")] if later else []


def unsent(now: datetime) -> list[SendNotices]:
    """Return the notices that are due and may have been lost."""
    events = due(AppServerEvent.objects.all(), now).values_list("pk", flat=True)
    return [SendNotices(pk, of="appserver") for pk in events]


def _notice(event: AppServerEvent, address: str) -> Notice:
    appserver = event.appserver
    return Notice(
        title=f"{appserver.instance}: {appserver} {event.kind}",
        text="\n".join(_lines(event, address)),
        kind=GOOD.get(AppServerEventKind(event.kind), "failure"),
    )


def _lines(event: AppServerEvent, address: str) -> Iterator[str]:
    yield f"{event.created_at:%Y-%m-%d %H:%M:%S} UTC: {event.appserver} {event.kind}."
    if event.reason:
        yield event.reason
    yield f"\n{address}/instances/{event.appserver.instance_id}/"
    yield f"{address}/appservers/{event.appserver_id}/"
