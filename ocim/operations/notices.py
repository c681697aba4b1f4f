"""Delivery of notices about events. A notice that fails harms nothing."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, Q, QuerySet

from ocim.core.errors import OcimError
from ocim.core.notices import Notice
from ocim.operations.context import Context
from ocim.store.models import AppServerEvent, RolloutEvent

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
MOST_ATTEMPTS = 10
CLAIM = timedelta(minutes=5)
"""Time after which a sender that has not reported a result counts as dead."""

E = TypeVar("E", RolloutEvent, AppServerEvent)
log = logging.getLogger(__name__)


def deliver(
    events: "QuerySet[E]", event_id: int, compose: Callable[[E], Notice], context: Context
) -> datetime | None:
    """Notify every target that was not notified yet. Return when to try again if one failed.

    Call it any number of times: one caller at a time gets the event.
    """
    now = context.now()
    claimed = due(events, now).filter(pk=event_id)
    if not claimed.update(attempts=F("attempts") + 1, not_before=now + CLAIM):
        return None
    event = events.get(pk=event_id)
    notifier = context.adapters.notifier
    waiting = [target for target in notifier.targets() if target not in event.notified]
    notice = compose(event) if waiting else None
    for target in waiting:
        assert notice  # noqa: S101 - made, since somebody waits
        try:
            notifier.send(target, notice)
        except OcimError as error:
            log.warning("Notice of %s, attempt %s: %s", event, event.attempts, error)
            if not error.retryable:
                event.notified.append(target)
        except Exception:
            log.exception("Notice of %s failed with an unexpected error", event)
        else:
            event.notified.append(target)
        events.filter(pk=event_id).update(notified=event.notified)
    all_notified = not set(waiting) - set(event.notified)
    return _after(events, event, all_notified=all_notified, now=context.now())


def due(events: "QuerySet[E]", now: datetime) -> "QuerySet[E]":
    """Return the events whose notices may be sent now."""
    return events.filter(Q(not_before=None) | Q(not_before__lte=now), notified_at=None)


def _after(
    events: "QuerySet[E]", event: E, *, all_notified: bool, now: datetime
) -> datetime | None:
    row = events.filter(pk=event.pk)
    if all_notified or event.attempts >= MOST_ATTEMPTS:
        if not all_notified:
            log.error("Notice of %s was given up after %s attempts.", event, event.attempts)
        row.update(notified_at=now, not_before=None)
        return None
    later = now + min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** (event.attempts - 1)))
    row.update(not_before=later)
    return later
