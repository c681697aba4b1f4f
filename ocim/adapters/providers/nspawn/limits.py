"""A container's limits, as a flavor says them: `memory=2G,cpus=1.5`."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ocim.core.errors import PermanentError, ValidationError

CGROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000
UNITS = {"M": 2**20, "G": 2**30}
REMEDY = "Write it as memory=2G,cpus=1.5; both may be left out."


@dataclass(frozen=True)
class Limits:
    """None where there is none."""

    memory: int | None = None
    """In bytes."""
    cpus: float | None = None


def read(flavor: str) -> Limits:
    """Return what the flavor says; ValidationError with all that is wrong with it."""
    found: dict[str, float] = {}
    faults = []
    for word in filter(None, (word.strip() for word in flavor.split(","))):
        if match := re.fullmatch(r"memory=(\d+)([MG])", word):
            found["memory"] = int(match[1]) * UNITS[match[2]]
        elif match := re.fullmatch(r"cpus=(\d+(?:\.\d+)?)", word):
            found["cpus"] = float(match[1])
        else:
            faults.append(f"flavor: {word!r} is no limit of a container.")
    faults += [f"flavor: {name} must be more than 0." for name, value in found.items() if not value]
    if faults:
        raise ValidationError(faults, remedy=REMEDY)
    memory = int(found["memory"]) if "memory" in found else None
    return Limits(memory, found.get("cpus"))


def of_unit(limits: Limits) -> list[str]:
    """As properties of a systemd unit."""
    properties = ["Delegate=yes", "KillMode=mixed"]
    if limits.memory is not None:
        properties.append(f"MemoryMax={limits.memory}")
    if limits.cpus is not None:
        properties.append(f"CPUQuota={limits.cpus * 100:.0f}%")
    return [f"--property={one}" for one in properties]


def make_groups(identifier: str, limits: Limits) -> list[Path]:
    """Make the control groups that enforce the limits, for where there is no systemd to do it.

    PermanentError where this machine's kernel does not offer them.
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
            faults.append(f"{controller} cannot be limited: {error}.")
        else:
            if not offered:
                faults.append(f"{controller} cannot be limited: {group.parent} does not offer it.")
        groups.append(group)
    if faults:
        remove_groups(identifier)
        raise PermanentError(" ".join(faults), remedy="Leave that limit out of the flavor.")
    return groups


def _values(limits: Limits) -> dict[str, dict[str, str]]:
    """By controller, the files of a control group, as both versions of cgroups name them."""
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
    """Remove them, and those that the container made in them, once no process is in them."""
    for parent in {_parent("memory"), _parent("cpu")}:
        group = parent / f"ocim-{identifier}"
        for below in sorted(group.rglob("*/"), reverse=True):
            below.rmdir()
        with suppress(FileNotFoundError):
            group.rmdir()


def entering(groups: Sequence[Path]) -> list[str]:
    """What to put before a command so that it runs in the groups."""
    if not groups:
        return []
    script = 'for group do shift; [ "$group" != -- ] || break; echo $$ >"$group/cgroup.procs"; done'
    return ["sh", "-c", f'{script}; exec "$@"', "sh", *map(str, groups), "--"]


def _parent(controller: str) -> Path:
    """The controller's own hierarchy, or the one that all share."""
    own = CGROUPS / controller
    return own if own.is_dir() else CGROUPS
