"""Entries of the audit log, as pages, tables and CSV show them."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ocim.presentation.table import harmless
from ocim.store.models import AuditEntry

COLUMNS = ("time", "actor", "from", "action", "target", "change")
CSV_COLUMNS = (
    "id",
    "time",
    "actor_kind",
    "actor_name",
    "actor_address",
    "action",
    "target_kind",
    "target_id",
    "target_name",
    "instance_id",
    "organization",
)
FIELDS = (
    ("since", "From", "2026-05-04, in UTC"),
    ("until", "Before", "2026-05-05, in UTC"),
    ("actor", "Actor", "mira"),
    ("action", "Action", "instance.change, or rollout"),
    ("target", "Target", "part of a name, or rollout:12"),
    ("instance", "Instance", "id"),
)
"""Fields of the search form: names, labels and examples."""


def cells(entry: AuditEntry) -> tuple[str, ...]:
    """Return the texts of an entry's columns, without the change."""
    return (
        f"{entry.time:%Y-%m-%d %H:%M:%S}",
        f"{entry.actor_kind} {entry.actor_name}".strip(),
        entry.actor_address,
        entry.action,
        entry.target_name,
    )


def changes(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Return the name, the old and the new value of everything that changed."""
    names = dict.fromkeys([*entry.before, *entry.after])
    return [
        (name, _text(entry.before.get(name, "")), _text(entry.after.get(name, "")))
        for name in names
    ]


def summary(entry: AuditEntry) -> str:
    """Return the changes as one text."""
    return "; ".join(
        f"{name}: {old} → {new}" if old else f"{name}: {new}" for name, old, new in changes(entry)
    )


def csv_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Yield the lines of a CSV file, with a header; few entries are in memory at a time."""
    yield _csv([*CSV_COLUMNS, "change"])
    for entry in entries:
        values = [getattr(entry, name) for name in CSV_COLUMNS[2:]]
        yield _csv([entry.pk, entry.time.isoformat(), *values, summary(entry)])


def fields(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the fields of the search form with their values."""
    return [
        {"name": name, "label": label, "hint": hint, "value": texts.get(name, "")}
        for name, label, hint in FIELDS
    ]


def _csv(values: list[Any]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow([harmless(value) for value in values])
    return stream.getvalue()


def _text(value: Any) -> str:
    return "" if value is None else str(value)
