"""Values of a rollout's record, as people read them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ocim.core.migrations import Migration
from ocim.core.states import DryRunState
from ocim.core.texts import duration, listed, plural
from ocim.operations.rollouts.record import DryRun

FEW = 3
"""Maximum number of instances that a text names."""
StyledLine = tuple[str, str]
"""A line of text and its style on a terminal: a colour, bold, or nothing."""


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return `field: old → new` for every field in `after`."""
    return [f"{name}: {_value(before[name])} → {_value(new)}" for name, new in after.items()]


def whom(labels: Sequence[str], total: int) -> str:
    """Return a short text for some of `total` instances: their names, or how many they are."""
    if len(labels) == total > 1:
        return f"all {total} instances"
    names = ", ".join(labels[:FEW])
    return names if len(labels) <= FEW else f"{plural(len(labels), 'instance')} ({names}, …)"


def size(count: int) -> str:
    """Return a number of bytes in kB, MB or GB."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if count >= 10**power:
            return f"{count / 10**power:.1f} {unit}"
    return plural(count, "byte")


def clock(moment: datetime | None) -> str:
    """Return day and time in UTC. Empty for None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def in_short(dry_run: DryRun) -> str:
    """Return the result of a dry run of migrations in one line."""
    if dry_run.of:
        return f"as for {dry_run.of}"
    if dry_run.state == DryRunState.NOT_POSSIBLE:
        return f"{dry_run.state}. {dry_run.reason}"
    if dry_run.state != DryRunState.DONE:
        return dry_run.state  # the upgrade's failure says why it failed
    dropping = sum(bool(migration.drops) for migration in dry_run.migrations)
    drops = f", {dropping} of them dropping what the old release uses" if dropping else ""
    unknown = f"; what {listed(dry_run.blind)} would migrate is unknown" if dry_run.blind else ""
    return (
        f"{plural(len(dry_run.migrations), 'migration')}{drops}{unknown}; copied"
        f" {size(dry_run.copied)} in {dry_run.copy_seconds or 0:.1f} s, all in"
        f" {duration(dry_run.seconds)}"
    )


def verdict(dry_run: DryRun) -> str:
    """Return a sentence for a dry run that found no danger. Empty unless it came to its end."""
    if dry_run.state != DryRunState.DONE:
        return ""
    if not dry_run.migrations:
        return "There is nothing to migrate."
    known = f" (except those of {listed(dry_run.blind)}, unknown)" if dry_run.blind else ""
    return (
        f"No migration{known} drops or locks a table that the old release uses."
        " The report lists all migrations."
    )


def effects(migration: Migration) -> list[str]:
    """Return what a migration does to the running release: a line for each kind of effect."""
    kinds = {"drops": migration.drops, "locks": migration.locks, "unclear": migration.unclear}
    return [f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names]


def _value(value: object) -> str:
    return "(empty)" if value in ("", None) else str(value)
