"""Values of a record as people read them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ocim.core.migrations import Migration
from ocim.core.states import DryRunState
from ocim.core.texts import duration, plural
from ocim.operations.rollouts.record import DryRun

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


def in_short(dry_run: DryRun) -> str:
    """How it went, in one line."""
    if dry_run.of:
        return f"as for {dry_run.of}"
    if dry_run.state == DryRunState.NOT_POSSIBLE:
        return f"{dry_run.state}. {dry_run.reason}"
    if dry_run.state != DryRunState.DONE:
        return dry_run.state  # why it failed is told as the upgrade's failure
    count, bad = len(dry_run.migrations), sum(bool(one.drops) for one in dry_run.migrations)
    drops = f", {bad} of them dropping what the old release uses" if bad else ""
    blind = (
        f"; what those of {', '.join(dry_run.blind)} touch is not known" if dry_run.blind else ""
    )
    return (
        f"{plural(count, 'migration')}{drops}{blind}; copied {size(dry_run.copied)} in"
        f" {dry_run.copy_seconds or 0:.1f} s, all in {duration(dry_run.seconds)}"
    )


def verdict(dry_run: DryRun) -> str:
    """That nothing is to be feared, as far as is known; empty where it did not come to an end."""
    if dry_run.state != DryRunState.DONE:
        return ""
    if not dry_run.migrations:
        return "There is nothing to migrate."
    whose = f" (those of {', '.join(dry_run.blind)} aside)" if dry_run.blind else ""
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
