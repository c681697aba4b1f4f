"""Local hosts for tests, and an independent look at what they leave behind."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ocim.adapters.providers.local.provider import LocalProvider


@contextmanager
def local_hosts(hosts_dir: Path) -> Iterator[LocalProvider]:
    """Yield a provider whose hosts are gone afterwards, whatever became of them in the test."""
    provider = LocalProvider(hosts_dir, ports=())
    try:
        yield provider
    finally:
        while left := processes_below(hosts_dir):
            for process in left:
                process.kill()
            psutil.wait_procs(left, timeout=0.05)


def processes_below(directory: Path) -> list[psutil.Process]:
    """Return the processes whose environment speaks of a directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(f"{directory}/" in value for value in process.environ().values()):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def run(provider: LocalProvider, name: str, *argv: str, stdin: str = "") -> str:
    """Run a command on a host; return what it prints; CalledProcessError if it fails."""
    command = provider.command(name, argv)
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout
