"""Notices of what happened to a mass upgrade. A notice that fails never harms the rollout."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from ocim.core.actions import Action, SendNotices
from ocim.core.errors import OcimError
from ocim.core.spec import Notice, NoticeKind
from ocim.core.states import NOTICED, Happening
from ocim.operations.context import Context
from ocim.operations.redeploy.record import Report
from ocim.operations.redeploy.report import report
from ocim.store.models import RolloutEvent

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
MOST_ATTEMPTS = 10
CLAIM = timedelta(minutes=5)
"""Who has not said by then how it went is taken for dead."""

log = logging.getLogger(__name__)


def send(*, event_id: int, address: str, context: Context) -> list[Action]:
    """Tell everybody who was not told yet; where that fails, it is tried again later.

    `address` is where the manager's pages are. May be called any number of times: one caller at a
    time gets the event.
    """
    now = context.now()
    due = _due(now).filter(pk=event_id)
    if not due.update(attempts=F("attempts") + 1, not_before=now + CLAIM):
        return []
    event = RolloutEvent.objects.select_related("rollout").get(pk=event_id)
    notifier = context.outside.notifier
    waiting = [one for one in notifier.targets() if one not in event.told]
    notice = _notice(event, address, now) if waiting else None
    for target in waiting:
        assert notice  # noqa: S101 - made, since somebody waits
        try:
            notifier.tell(target, notice)
        except OcimError as error:
            log.warning("Notice of %s, attempt %s: %s", event, event.attempts, error)
            if not error.retryable:
                event.told.append(target)
        except Exception:
            log.exception("Notice of %s failed in a way that nobody foresaw", event)
        else:
            event.told.append(target)
        RolloutEvent.objects.filter(pk=event_id).update(told=event.told)
    return _after(event, all_told=not set(waiting) - set(event.told), now=context.now())


def test(*, context: Context) -> dict[str, str]:
    """Send everybody a notice that nothing happened; what went wrong, by target."""
    notice = Notice("A test", "Nothing happened: somebody tries whether notices come through.")
    return {target: _try(target, notice, context) for target in context.outside.notifier.targets()}


def _try(target: str, notice: Notice, context: Context) -> str:
    try:
        context.outside.notifier.tell(target, notice)
    except OcimError as error:
        return str(error)
    return ""


def unsent(now: datetime) -> list[SendNotices]:
    """What is due and may have been forgotten."""
    return [SendNotices(pk) for pk in _due(now).values_list("pk", flat=True)]


def _after(event: RolloutEvent, *, all_told: bool, now: datetime) -> list[Action]:
    there = RolloutEvent.objects.filter(pk=event.pk)
    if all_told or event.attempts >= MOST_ATTEMPTS:
        if not all_told:
            log.error("Notice of %s was given up after %s attempts.", event, event.attempts)
        there.update(told_at=now, not_before=None)
        return []
    later = now + min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** (event.attempts - 1)))
    there.update(not_before=later)
    return [SendNotices(event.pk, later)]


def _due(now: datetime) -> "QuerySet[RolloutEvent]":
    is_due = Q(not_before=None) | Q(not_before__lte=now)
    return RolloutEvent.objects.filter(is_due, kind__in=NOTICED, told_at=None)


def _notice(event: RolloutEvent, address: str, now: datetime) -> Notice:
    record = report(event.rollout_id, now)
    told = ", ".join(f"{count} {state}" for state, count in record.counts.items())
    return Notice(
        title=f"Mass upgrade {record.id} ({record.tag}) {event.kind}: {told}",
        text="\n".join(_lines(event, record, address)),
        kind=_kind(event, failed=bool(record.failures)),
    )


def _kind(event: RolloutEvent, *, failed: bool) -> NoticeKind:
    match event.kind:
        case Happening.BEGUN:
            return "info"
        case Happening.ENDED if not failed:
            return "success"
    return "failure" if failed else "warning"


def _lines(event: RolloutEvent, record: Report, address: str) -> Iterator[str]:
    by = f" by {event.by}" if event.by else ""
    yield f"{event.kind.capitalize()}{by} at {event.at:%Y-%m-%d %H:%M:%S} UTC. {event.reason}"
    yield f"It is {record.state}. {record.reason}"
    yield from (f"  {count} {state}" for state, count in record.counts.items())
    if record.causes:
        yield f"\n{record.causes_in_words}"
    for one in record.causes:
        yield f"  {len(one.instances)} of {record.failures}: {one.cause}"
        yield f"      {one.retry}"
    if record.commands:
        yield "\nHow to go on"
    yield from (f"  {command}   {does}" for command, does in record.commands.items())
    yield f"\n{address}/rollouts/{record.id}/"
