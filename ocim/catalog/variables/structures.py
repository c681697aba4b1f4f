"""Structures of the lists of mappings that operators set, so that a lost item is found early."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Items:
    """Keys that each item of a list has."""

    required: tuple[str, ...]
    """Keys that must have a text."""
    optional: frozenset[str]
    unique: str = ""
    """Key whose value must differ: of items with the same one, only the last has an effect."""


_OF_CRON = (
    *("user", "minute", "hour", "day", "dom", "month", "weekday", "dow", "special_time"),
    *("state", "disabled", "env", "cron_file", "backup", "insertafter", "insertbefore", "reboot"),
)
LISTS: Mapping[str, Items] = {
    # Arguments of Ansible's module cron, which refuses others.
    "EDXAPP_ADDITIONAL_CRON_JOBS": Items(
        required=("name", "job"),
        optional=frozenset(_OF_CRON),
        unique="name",
    ),
    # Keys that upstream's role git_clone reads.
    "ECOMMERCE_REPOS": Items(
        required=("PROTOCOL", "DOMAIN", "PATH", "REPO", "VERSION", "DESTINATION"),
        optional=frozenset({"SSH_KEY"}),
        unique="DESTINATION",
    ),
}
"""Structures by variable."""
CRON_JOBS = "EDXAPP_ADDITIONAL_CRON_JOBS"
EVERY_MINUTE = frozenset({"hour", "day", "dom", "month", "weekday", "dow"})
"""Keys of a cron job that suggest a run at one minute: without `minute`, it runs at each one."""
