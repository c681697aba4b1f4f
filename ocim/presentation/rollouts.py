"""A rollout as a row of a list, for commands and API."""

from typing import Any

COLUMNS = ("id", "tag", "state", "instances", "successful", "failed", "begun")


def row(rollout: Any) -> dict[str, object]:
    """Return the values of COLUMNS for a rollout from `selectors.rollouts`."""
    values = (
        rollout.pk,
        rollout.tag,
        rollout.state,
        rollout.total,
        rollout.good_count,
        rollout.failed_count,
        rollout.begins_at.isoformat(timespec="seconds"),
    )
    return dict(zip(COLUMNS, values, strict=True))
