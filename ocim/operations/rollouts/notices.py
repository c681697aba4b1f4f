"""Notices of events of rollouts. A notice that fails never harms the rollout."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from ocim.catalog.secrets.masking import mask_text
from ocim.core.actions import Action, SendNotices
from ocim.core.errors import OcimError
from ocim.core.notices import Notice, NoticeKind
from ocim.core.states import NOTICED, RolloutEventKind
from ocim.operations.context import Context
from ocim.operations.notices import deliver, due
from ocim.operations.rollouts.record import Report
from ocim.operations.rollouts.report import report
from ocim.store.models import RolloutEvent


def send(*, event_id: int, address: str, context: Context) -> list[Action]:
    """Send an event's notice to every target that has not had it; retry later what fails.

    `address` is the URL of the manager's pages.
    """
    now = context.now()
    later = deliver(_noticed(), event_id, lambda event: _notice(event, address, now), context)
    return [SendNotices(event_id, later)] if later else []


def test(*, context: Context) -> dict[str, str]:
    """Send a test notice to every target. Return what went wrong, by target."""
    notice = Notice("Test notice", "Nothing happened: somebody checks that notices arrive.")
    return {target: _try(target, notice, context) for target in context.adapters.notifier.targets()}


def _try(target: str, notice: Notice, context: Context) -> str:
    try:
        context.adapters.notifier.send(target, notice)
    except OcimError as error:
        return str(error)
    return ""


def unsent(now: datetime) -> list[SendNotices]:
    """Return an action for every notice that is due: messages may have been lost."""
    return [SendNotices(pk) for pk in due(_noticed(), now).values_list("pk", flat=True)]


def _noticed() -> "QuerySet[RolloutEvent]":
    return RolloutEvent.objects.select_related("rollout").filter(kind__in=NOTICED)


def _notice(event: RolloutEvent, address: str, now: datetime) -> Notice:
    record = report(event.rollout_id, now)
    counts = ", ".join(f"{count} {state}" for state, count in record.counts.items())
    return Notice(
        title=f"Rollout {record.id} ({record.tag}) {event.kind}: {counts}",
        text=mask_text("\n".join(_lines(event, record, address))),
        kind=_kind(event, failed=bool(record.failures)),
    )


def _kind(event: RolloutEvent, *, failed: bool) -> NoticeKind:
    match event.kind:
        case RolloutEventKind.STARTED:
            return "info"
        case RolloutEventKind.ENDED if not failed:
            return "success"
    return "failure" if failed else "warning"


def _lines(event: RolloutEvent, record: Report, address: str) -> Iterator[str]:
    by = f" by {event.by}" if event.by else ""
    moment = f"{event.created_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"{event.kind.capitalize()}{by} at {moment}. {event.reason}"
    yield f"It is {record.state}. {record.reason}"
    yield from (f"  {count} {state}" for state, count in record.counts.items())
    yield from (f"  SQL: {failure}" for failure in record.sql_failures)
    if record.causes:
        yield f"\n{record.causes_in_words}"
    for cause in record.causes:
        yield f"  {len(cause.instances)} of {record.failures}: {cause.cause}"
        yield f"      {cause.retry}"
    if record.commands:
        yield "\nHow to go on"
    yield from (f"  {command}   {does}" for command, does in record.commands.items())
    yield f"\n{address}/rollouts/{record.id}/"
