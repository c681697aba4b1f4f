"""The limits of a container, as systemd or control groups enforce them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ocim.adapters.providers.flavors import Limits
from ocim.core.errors import PermanentError

CGROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000


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
