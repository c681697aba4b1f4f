"""Limits of what a build or a run may use: control groups where they can be had, and rlimits."""

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
"""A build or run is ended before a disk that it writes to has less than both allow: these bytes,
and one of so many parts."""
FILES = {
    "memory": ("memory.max", "memory.limit_in_bytes"),
    "processes": ("pids.max",),
}
"""The file of a control group that holds each limit, in version 2 of control groups and in 1."""
COUNTS = {
    "memory": (("memory.events", "oom_kill"), ("memory.oom_control", "oom_kill")),
    "processes": (("pids.events", "max"),),
}
"""Files and fields that count how often each limit was reached."""
CONTROLLERS = {"memory": "memory", "processes": "pids"}
PATIENCE = 5.0
"""Seconds for the kernel to take away the processes of a control group."""


class LimitReached(PermanentError):
    """A build or a run used more than it may, and was ended."""


@dataclass(frozen=True)
class Limits:
    """What one build or one run may use; 0 stands for no limit."""

    memory: int = 4096
    """MiB, of all its processes together."""
    processes: int = 1000
    file_size: int = 8192
    """MiB, of one file."""
    build_seconds: float = 1800.0


@dataclass(frozen=True)
class Confinement:
    """The control groups of one build or run."""

    limits: Limits
    groups: dict[str, Path] = field(default_factory=dict)
    """By what they limit."""
    written: tuple[Path, ...] = ()
    """Directories that it writes to."""

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """Return what to start instead of `argv`."""
        what = {
            "groups": list(dict.fromkeys(map(str, self.groups.values()))),
            "rlimits": self._rlimits(),
        }
        return [sys.executable, "-I", "-S", str(CONFINE), json.dumps(what), *argv]

    def _rlimits(self) -> dict[str, int]:
        values = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": OPEN_FILES}
        if self.limits.file_size:
            values["RLIMIT_FSIZE"] = self.limits.file_size * MIB
        if self.limits.memory and "memory" not in self.groups:
            values["RLIMIT_DATA"] = self.limits.memory * MIB  # of each process
        return values

    def check(self) -> None:
        """Raise LimitReached where a limit was reached."""
        if _count(self.groups.get("memory"), "memory"):
            raise LimitReached(
                f"It was ended: it needed more than {self.limits.memory} MiB of memory.",
                remedy="See what it does, or raise OCIM_RUN_MEMORY.",
            )
        if _count(self.groups.get("processes"), "processes"):
            raise LimitReached(
                f"It was ended: it started more than {self.limits.processes} processes at once.",
                remedy="See what it does, or raise OCIM_RUN_PROCESSES.",
            )
        for directory in self.written:
            with suppress(OSError):
                disk = shutil.disk_usage(directory)
                if disk.free < min(LEFT_FREE, disk.total // PART_FREE):
                    raise LimitReached(
                        f"It was ended: the disk of {directory} is full, or nearly so.",
                        remedy="See what it wrote, and free some space.",
                    )


@contextmanager
def confinement(limits: Limits, written: Iterable[Path] = ()) -> Iterator[Confinement]:
    """Make the control groups of one build or run; they go at the end, as all its processes do."""
    groups = _make_groups(limits)
    try:
        yield Confinement(limits, groups, tuple(written))
    finally:
        for group in set(groups.values()):
            _remove(group)


def in_force(limits: Limits) -> tuple[str, tuple[str, ...]]:
    """Return a sentence that says which limits work here, and the names of those that do not."""
    with confinement(limits) as confined:
        by_group = sorted(confined.groups)
    loose = []
    said = [f"control groups limit {' and '.join(by_group)}"] if by_group else []
    said.append("rlimits limit the size of files and the number of open ones")
    if limits.memory and "memory" not in by_group:
        said.append("an rlimit limits the memory of each process, not of all together")
        loose.append("memory")
    if limits.processes and "processes" not in by_group:
        if os.geteuid() and shutil.which("prlimit"):
            said.append("an rlimit limits processes")
        else:
            said.append("nothing limits processes")
            loose.append("processes")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}.", tuple(loose)


def _make_groups(limits: Limits) -> dict[str, Path]:
    wanted = {"memory": limits.memory * MIB, "processes": limits.processes}
    name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    groups = {}
    for what, value in wanted.items():
        for parent in _parents(CONTROLLERS[what]) if value else ():
            if _make_group(parent / name, FILES[what], value):
                groups[what] = parent / name
                break
    return groups


def _make_group(group: Path, files: Sequence[str], value: int) -> bool:
    """Make a group, or take the one that is there, and set its limit; return whether it worked."""
    is_new = not group.exists()
    try:
        _remove_abandoned(group.parent)
        with suppress(OSError):  # version 2; where it is on already, or there are processes
            (group.parent / "cgroup.subtree_control").write_text("+memory +pids")
        group.mkdir(exist_ok=True)
        file = next(group / name for name in files if (group / name).exists())
        file.write_text(str(value))
        with suppress(OSError):  # else it goes on in swap space
            (group / "memory.swap.max").write_text("0")
    except (OSError, StopIteration):
        if is_new:
            with suppress(OSError):
                group.rmdir()
        return False
    # Version 2 asks for both: where a process goes to, and what that has in common with its place.
    return all(os.access(one / "cgroup.procs", os.W_OK) for one in (group, group.parent))


def _parents(controller: str) -> Iterator[Path]:
    """Where groups might be made: below this process's own, or beside it."""
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
            time.sleep(0.01)  # until the kernel has taken its processes away


def _count(group: Path | None, what: str) -> int:
    """Return how often the limit of a group was reached."""
    if group is None:
        return 0
    for name, counter in COUNTS[what]:
        with suppress(OSError):
            for line in (group / name).read_text().splitlines():
                field_name, _, value = line.partition(" ")
                if field_name == counter:
                    return int(value)
    return 0
