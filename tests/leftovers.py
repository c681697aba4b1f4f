"""Leftovers of a run of the suite on this machine: the run itself looks for them.

Only what bears a name of this run is looked for: other installations and other runs may be at work
on the same machine.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil

RUN = os.environ.setdefault("TESTS_RUN", uuid4().hex[:8])
"""Differs between runs. Workers and what they start inherit it from the process that began."""
PREFIX = f"ocim-test-{RUN}-"
"""Prefixes of the names of directories that are not below pytest's own."""
NETWORKS = Path(tempfile.gettempdir(), f"{PREFIX}networks")
SHARED = (Path(tempfile.gettempdir()), Path("/dev/shm"), Path("/run"))  # noqa: S108
"""Further places of files that may be the run's."""
SMALL = 100_000
"""Bytes of a file that may say whose it is."""


def remember_network(name: str) -> None:
    """Record that a bridge of that name belongs to this run."""
    with NETWORKS.open("a") as file:
        file.write(f"{name}\n")


def of_run(base: Path) -> list[str]:
    """Return mounts, processes, networks and directories of this run.

    `base` is pytest's directory.
    """
    names = set(NETWORKS.read_text().split()) if NETWORKS.exists() else set()
    return [
        *_mounts(base),
        *_processes(base),
        *(leftover for name in sorted(names) for leftover in of_network(name)),
        *_directories(base),
    ]


def of_network(name: str) -> Iterator[str]:
    """Yield a bridge with that name, the interfaces that are connected to it, and its rules."""
    for interface in Path("/sys/class/net").glob("*"):
        if interface.name == name or _master(interface) == name:
            yield f"interface {interface.name}"
    if shutil.which("nft"):
        tables = subprocess.check_output(["nft", "list", "tables"], text=True)
        yield from (line for line in tables.splitlines() if name in line)


def _master(interface: Path) -> str:
    try:
        return (interface / "master").readlink().name
    except OSError:  # it has none, or has just gone
        return ""


def _mounts(base: Path) -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if f"{base}/" in line:
            yield f"mount {line.split()[4]}"


def _processes(base: Path) -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            surroundings = [*words, *process.environ().values(), process.cwd()]
        except (psutil.Error, OSError):  # it has just ended
            continue
        of_base = any(f"{base}/" in f"{text}/" for text in surroundings)
        if process.pid != os.getpid() and words and (of_base or RUN in surroundings):
            yield f"process {process.pid}: {' '.join(words)}"


def _directories(base: Path) -> Iterator[str]:
    for directory in SHARED:
        for path in directory.glob("ocim*"):
            if path != NETWORKS and (path.name.startswith(PREFIX) or _speaks_of(base, path)):
                yield f"directory {path}"


def _speaks_of(base: Path, path: Path) -> bool:
    """Return True if a file in `path` names the run's directory, as those of Ansible do."""
    try:
        files = [file for depth in ("*", "*/*") for file in path.glob(depth) if file.is_file()]
        small = [file for file in files if file.stat().st_size < SMALL]
        return any(f"{base}/".encode() in file.read_bytes() for file in small)
    except OSError:  # it is just being removed
        return False
