"""Limits of what a build or a run may use: control groups where available, and rlimits."""

import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ocim.core.errors import PermanentError

CONFINE = Path(__file__).with_name("confine.py")
CGROUPS = Path("/sys/fs/cgroup")
PREFIX = "ocim-run-"
MIB = 2**20
OPEN_FILES = 8192
LEFT_FREE = 512 * MIB
PART_FREE = 20
"""A disk counts as full below LEFT_FREE bytes or 1/PART_FREE of its size, whichever is smaller."""
FILES = {
    "memory": ("memory.max", "memory.limit_in_bytes"),
    "processes": ("pids.max",),
}
"""The file of a control group that sets each limit, in cgroups version 2 and version 1."""
COUNTS = {
    "memory": (("memory.events", "oom_kill"), ("memory.oom_control", "oom_kill")),
    "processes": (("pids.events", "max"),),
}
"""Files and fields of a control group that count how often each limit was reached."""
CONTROLLERS = {"memory": "memory", "processes": "pids"}
PATIENCE = 5.0
"""Seconds to wait until the kernel has removed a control group's processes."""


class LimitReached(PermanentError):
    """An error: a build or a run exceeded one of its limits and was ended."""


@dataclass(frozen=True)
class Limits:
    """The limits of one build or run; 0 means no limit."""

    memory: int = 4096
    """MiB for all processes together."""
    processes: int = 1000
    file_size: int = 8192
    """MiB for one file."""
    build_seconds: float = 1800.0


@dataclass(frozen=True)
class Confinement:
    """The control groups of one build or run, and its limits."""

    limits: Limits
    groups: dict[str, Path] = field(default_factory=dict)
    """Control groups by the resource that they limit."""
    written: tuple[Path, ...] = ()
    """Directories to which the build or run writes."""

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` within the limits."""
        limits = {
            "groups": list(dict.fromkeys(map(str, self.groups.values()))),
            "rlimits": self._rlimits(),
        }
        return [sys.executable, "-I", "-S", str(CONFINE), json.dumps(limits), *argv]

    def _rlimits(self) -> dict[str, int]:
        values = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": OPEN_FILES}
        if self.limits.file_size:
            values["RLIMIT_FSIZE"] = self.limits.file_size * MIB
        if self.limits.memory and "memory" not in self.groups:
            values["RLIMIT_DATA"] = self.limits.memory * MIB  # of each process
        return values

    def check(self) -> None:
        """Raise LimitReached if the build or run has reached a limit."""
        if _count(self.groups.get("memory"), "memory"):
            raise LimitReached(
                f"It used more than {self.limits.memory} MiB of memory and was ended.",
                remedy="Find out what needs the memory, or raise OCIM_RUN_MEMORY.",
            )
        if _count(self.groups.get("processes"), "processes"):
            raise LimitReached(
                f"It started more than {self.limits.processes} processes at once and was ended.",
                remedy="Find out what starts them, or raise OCIM_RUN_PROCESSES.",
            )
        for directory in self.written:
            with suppress(OSError):
                disk = shutil.disk_usage(directory)
                if disk.free < min(LEFT_FREE, disk.total // PART_FREE):
                    raise LimitReached(
                        f"It was ended because the disk of {directory} is nearly full.",
                        remedy="Find out what it wrote, and free some space.",
                    )


@contextmanager
def confinement(limits: Limits, written: Iterable[Path] = ()) -> Iterator[Confinement]:
    """Create the control groups of one build or run, and remove them after the block."""
    groups = _make_groups(limits)
    try:
        yield Confinement(limits, groups, tuple(written))
    finally:
        for group in set(groups.values()):
            _remove(group)


def in_force(limits: Limits) -> tuple[str, tuple[str, ...]]:
    """Return a sentence about the limits that work here, and the names of those that do not."""
    with confinement(limits) as confined:
        by_group = sorted(confined.groups)
    missing = []
    clauses = [f"control groups limit {' and '.join(by_group)}"] if by_group else []
    clauses.append("rlimits limit the size of files and the number of open ones")
    if limits.memory and "memory" not in by_group:
        clauses.append("an rlimit limits the memory of each process, not of all together")
        missing.append("memory")
    if limits.processes and "processes" not in by_group:
        if os.geteuid() and shutil.which("prlimit"):
            clauses.append("an rlimit limits processes")
        else:
            clauses.append("nothing limits processes")
            missing.append("processes")
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}.", tuple(missing)


def _make_groups(limits: Limits) -> dict[str, Path]:
    values = {"memory": limits.memory * MIB, "processes": limits.processes}
    name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    groups = {}
    for resource, value in values.items():
        for parent in _parents(CONTROLLERS[resource]) if value else ():
            if _make_group(parent / name, FILES[resource], value):
                groups[resource] = parent / name
                break
    return groups


def _make_group(group: Path, files: Sequence[str], value: int) -> bool:
    """Create the group unless it exists, and set its limit; return True if that worked."""
    is_new = not group.exists()
    try:
        _remove_abandoned(group.parent)
        with suppress(OSError):  # version 2 only; refused where the parent has processes
            (group.parent / "cgroup.subtree_control").write_text("+memory +pids")
        group.mkdir(exist_ok=True)
        file = next(group / name for name in files if (group / name).exists())
        file.write_text(str(value))
        with suppress(OSError):  # without it, the group would go on in swap space
            (group / "memory.swap.max").write_text("0")
    except (OSError, StopIteration):
        if is_new:
            with suppress(OSError):
                group.rmdir()
        return False
    # To move a process, version 2 requires write access to the target and to the common ancestor.
    return all(os.access(place / "cgroup.procs", os.W_OK) for place in (group, group.parent))


def _parents(controller: str) -> Iterator[Path]:
    """Yield directories to create groups in: below this process's own group, or beside it."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):  # version 1
            yield CGROUPS / controllers / path.lstrip("/")
        elif not controllers:
            for top in (CGROUPS, CGROUPS / "unified"):
                own = top / path.lstrip("/")
                if (own / "cgroup.controllers").exists():
                    yield from dict.fromkeys([own.parent if own != top else own, own])


def _remove_abandoned(parent: Path) -> None:
    for group in parent.glob(f"{PREFIX}*"):
        pid = group.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            with suppress(OSError):
                group.rmdir()


def _remove(group: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while group.exists() and time.monotonic() < deadline:
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.01)  # the kernel is still removing its processes


def _count(group: Path | None, resource: str) -> int:
    """Return how often the group has reached its limit."""
    if group is None:
        return 0
    for name, counter in COUNTS[resource]:
        with suppress(OSError):
            for line in (group / name).read_text().splitlines():
                field_name, _, value = line.partition(" ")
                if field_name == counter:
                    return int(value)
    return 0
