"""The audit log by an AuditFilter, newest first. For the pages, the API and commands."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from ocim.core.access import Access, Right
from ocim.core.audit import AuditFilter
from ocim.core.errors import ValidationError
from ocim.core.fleet_filter import LONGEST_ID
from ocim.store.models import AuditEntry

PAGE_SIZE = 50
"""Number of entries on a page."""
CHUNK = 500
"""Number of entries in memory at once, when all are read."""

Entries = QuerySet[AuditEntry]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of entries, and the cursor of the page after it (empty: this is the last)."""

    entries: tuple[AuditEntry, ...]
    after: str = ""


def may_read(access: Access) -> bool:
    """Return True if somebody may read the entries of some organization, or of the fleet."""
    return access.organizations(Right.ADMINISTER) != frozenset()


def readable(access: Access) -> Entries:
    """Return the entries that somebody may read: an admin of an organization reads its own."""
    organizations = access.organizations(Right.ADMINISTER)
    entries: Entries = AuditEntry.objects.all()
    return entries if organizations is None else entries.filter(organization__in=organizations)


def filtered(entries: Entries, chosen: AuditFilter) -> Entries:
    """Return the entries that a filter selects, newest first."""
    columns = {
        "time__gte": chosen.since,
        "time__lt": chosen.until,
        "actor_name": chosen.actor or None,
        "action__in": chosen.actions or None,
        "instance_id": chosen.instance,
    }
    entries = entries.filter(**{name: value for name, value in columns.items() if value})
    if chosen.target:
        entries = entries.filter(_target(chosen.target))
    return entries.order_by("-time", "-id")


def page(entries: Entries, *, after: str = "", size: int = PAGE_SIZE) -> AuditPage:
    """Return the page after a cursor, or the first one. One query.

    A cursor names the last entry of a page, so that new entries shift nothing. Raise
    ValidationError for a text that is no cursor.
    """
    if after:
        entries = entries.filter(_beyond(*_place(after)))
    rows = list(entries[: size + 1])
    shown = tuple(rows[:size])
    return AuditPage(shown, _cursor(shown[-1]) if len(rows) > size else "")


def each(entries: Entries, *, limit: int | None = None) -> Iterator[AuditEntry]:
    """Yield entries one by one; few of them are in memory at a time."""
    cursor = ""
    while limit is None or limit > 0:
        size = CHUNK if limit is None else min(CHUNK, limit)
        part = page(entries, after=cursor, size=size)
        yield from part.entries
        limit = None if limit is None else limit - size
        if not (cursor := part.after):
            return


def facts(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry's facts for programs."""
    return {
        "id": entry.pk,
        "time": entry.time.isoformat(),
        "actor": {
            "kind": entry.actor_kind,
            "name": entry.actor_name,
            "address": entry.actor_address,
        },
        "action": entry.action,
        "target": {
            "kind": entry.target_kind,
            "id": entry.target_id,
            "name": entry.target_name,
        },
        "instance": entry.instance_id,
        "organization": entry.organization,
        "before": entry.before,
        "after": entry.after,
    }


def _target(text: str) -> Q:
    kind, colon, pk = text.partition(":")
    named = Q(target_name__icontains=text)
    return named | Q(target_kind=kind, target_id=pk) if colon and pk else named


def _cursor(entry: AuditEntry) -> str:
    return f"{entry.pk}.{entry.time.isoformat()}"


def _place(cursor: str) -> tuple[datetime, int]:
    number, _, text = cursor.partition(".")
    if number.isdecimal() and number.isascii() and len(number) <= LONGEST_ID:
        with suppress(ValueError):
            time = datetime.fromisoformat(text)
            if time.tzinfo is not None:
                return time, int(number)
    raise ValidationError([f"{cursor!r} is no page's place."], remedy="Go to the first page.")


def _beyond(time: datetime, pk: int) -> Q:
    # The first condition is implied by the second, and lets a database begin in its index.
    return Q(time__lte=time) & (Q(time__lt=time) | Q(pk__lt=pk))
