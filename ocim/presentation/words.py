"""Values of a record as people read them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ocim.core.migrations import Migration
from ocim.core.states import PreviewState
from ocim.core.texts import duration, plural
from ocim.operations.rollouts.record import Preview

FEW = 3
"""So many instances are named."""


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """`field: old → new`, for each."""
    return [f"{name}: {_value(before[name])} → {_value(new)}" for name, new in after.items()]


def whom(labels: Sequence[str], total: int) -> str:
    """Instances, of so many in all, in few words."""
    if len(labels) == total > 1:
        return f"all {total} instances"
    named = ", ".join(labels[:FEW])
    return named if len(labels) <= FEW else f"{len(labels)} instances ({named}, …)"


def size(count: int) -> str:
    """Bytes in kB, MB or GB."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if count >= 10**power:
            return f"{count / 10**power:.1f} {unit}"
    return plural(count, "byte")


def clock(moment: datetime | None) -> str:
    """Day and time, UTC; nothing for None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def in_short(preview: Preview) -> str:
    """How it went, in one line."""
    if preview.of:
        return f"as for {preview.of}"
    if preview.state == PreviewState.NOT_POSSIBLE:
        return f"{preview.state}. {preview.reason}"
    if preview.state != PreviewState.DONE:
        return preview.state  # why it failed is told as the upgrade's failure
    count, bad = len(preview.migrations), sum(bool(one.drops) for one in preview.migrations)
    drops = f", {bad} of them dropping what the old release uses" if bad else ""
    blind = (
        f"; what those of {', '.join(preview.blind)} touch is not known" if preview.blind else ""
    )
    return (
        f"{plural(count, 'migration')}{drops}{blind}; copied {size(preview.copied)} in"
        f" {preview.copy_seconds or 0:.1f} s, all in {duration(preview.seconds)}"
    )


def verdict(preview: Preview) -> str:
    """That nothing is to be feared, as far as is known; empty where it did not come to an end."""
    if preview.state != PreviewState.DONE:
        return ""
    if not preview.migrations:
        return "There is nothing to migrate."
    whose = f" (those of {', '.join(preview.blind)} aside)" if preview.blind else ""
    return (
        f"None of them{whose} drops or locks a table that the old release uses."
        " The report names them all."
    )


def effects(migration: Migration) -> list[str]:
    """What it does to the running release, kind by kind."""
    kinds = {"drops": migration.drops, "locks": migration.locks, "unclear": migration.unclear}
    return [f"{kind}: {', '.join(of)}" for kind, of in kinds.items() if of]


def _value(value: object) -> str:
    return "(empty)" if value in ("", None) else str(value)
