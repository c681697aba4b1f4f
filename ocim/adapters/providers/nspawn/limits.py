"""A container's limits, from its flavor: `memory=2G,cpus=1.5`."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ocim.core.errors import PermanentError, ValidationError

CGROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000
UNITS = {"M": 2**20, "G": 2**30}
REMEDY = "Write it as memory=2G,cpus=1.5; both are optional."


@dataclass(frozen=True)
class Limits:
    """The limits of a container; None means no limit."""

    memory: int | None = None
    """Memory in bytes."""
    cpus: float | None = None


def read(flavor: str) -> Limits:
    """Return the flavor's limits; raise ValidationError with everything that is wrong with it."""
    values: dict[str, float] = {}
    faults = []
    for word in filter(None, (word.strip() for word in flavor.split(","))):
        if match := re.fullmatch(r"memory=(\d+)([MG])", word):
            values["memory"] = int(match[1]) * UNITS[match[2]]
        elif match := re.fullmatch(r"cpus=(\d+(?:\.\d+)?)", word):
            values["cpus"] = float(match[1])
        else:
            faults.append(f"flavor: unknown limit {word!r}.")
    faults += [f"flavor: {name} must be above 0." for name, value in values.items() if not value]
    if faults:
        raise ValidationError(faults, remedy=REMEDY)
    memory = int(values["memory"]) if "memory" in values else None
    return Limits(memory, values.get("cpus"))


def of_unit(limits: Limits) -> list[str]:
    """Return the limits as properties of a systemd unit."""
    properties = ["Delegate=yes", "KillMode=mixed"]
    if limits.memory is not None:
        properties.append(f"MemoryMax={limits.memory}")
    if limits.cpus is not None:
        properties.append(f"CPUQuota={limits.cpus * 100:.0f}%")
    return [f"--property={setting}" for setting in properties]


def make_groups(identifier: str, limits: Limits) -> list[Path]:
    """Create control groups that enforce the limits, for machines without systemd.

    Raise PermanentError if the kernel does not support a limit.
    """
    groups, faults = [], []
    for controller, values in _values(limits).items():
        group = _parent(controller) / f"ocim-{identifier}"
        try:
            group.mkdir(exist_ok=True)
            offered = [name for name in values if (group / name).exists()]
            for name in offered:
                (group / name).write_text(values[name])
        except OSError as error:
            faults.append(f"Cannot limit {controller}: {error}.")
        else:
            if not offered:
                faults.append(f"Cannot limit {controller}: {group.parent} does not support it.")
        groups.append(group)
    if faults:
        remove_groups(identifier)
        raise PermanentError(" ".join(faults), remedy="Leave that limit out of the flavor.")
    return groups


def _values(limits: Limits) -> dict[str, dict[str, str]]:
    """Return the values by controller and file; both versions of cgroups are covered."""
    values = {}
    if limits.memory is not None:
        memory = str(limits.memory)
        values["memory"] = {"memory.limit_in_bytes": memory, "memory.max": memory}
    if limits.cpus is not None:
        quota = str(round(limits.cpus * PERIOD))
        values["cpu"] = {
            "cpu.cfs_period_us": str(PERIOD),
            "cpu.cfs_quota_us": quota,
            "cpu.max": f"{quota} {PERIOD}",
        }
    return values


def remove_groups(identifier: str) -> None:
    """Remove the container's control groups, with the groups inside them; all must be empty."""
    for parent in {_parent("memory"), _parent("cpu")}:
        group = parent / f"ocim-{identifier}"
        for below in sorted(group.rglob("*/"), reverse=True):
            below.rmdir()
        with suppress(FileNotFoundError):
            group.rmdir()


def entering(groups: Sequence[Path]) -> list[str]:
    """Return the prefix of a command that runs in the groups."""
    if not groups:
        return []
    script = 'for group do shift; [ "$group" != -- ] || break; echo $$ >"$group/cgroup.procs"; done'
    return ["sh", "-c", f'{script}; exec "$@"', "sh", *map(str, groups), "--"]


def _parent(controller: str) -> Path:
    """Return the controller's own hierarchy (version 1), or the common one."""
    own = CGROUPS / controller
    return own if own.is_dir() else CGROUPS
