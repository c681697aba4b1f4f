"""Local hosts for tests, and an independent look at what they leave behind."""

import os
import re
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from ocim.adapters.providers.local.provider import LocalProvider
from ocim.core.hosts import Host


@contextmanager
def local_hosts(hosts_dir: Path) -> Iterator[LocalProvider]:
    """Yield a provider whose hosts are gone afterwards, whatever became of them in the test."""
    provider = LocalProvider(hosts_dir, ports=())
    try:
        yield provider
    finally:
        kill_processes_below(hosts_dir)


def processes_below(directory: Path) -> list[psutil.Process]:
    """Return the processes whose environment speaks of a directory."""
    processes = []
    for process in psutil.process_iter():
        try:
            if any(f"{directory}/" in value for value in process.environ().values()):
                processes.append(process)
        except (psutil.Error, OSError):
            continue
    return processes


def outside(pid: int, host: Host) -> int:
    """Return the id that a process of the host has here; `pid` is the one that it has there."""
    marked = {process.pid for process in processes_below(Path(host.root).parent)}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            ids = re.search(r"^NSpid:(.*)$", status, re.MULTILINE)
            is_of_host = marked & {process.pid, *(parent.pid for parent in process.parents())}
            if ids and is_of_host and int(ids[1].split()[-1]) == pid:
                return process.pid
    raise LookupError(f"No process {pid} on {host.name}.")


def kill_processes_below(directory: Path) -> None:
    """Kill them, and what they start meanwhile."""
    while left := processes_below(directory):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=0.05)


def run(provider: LocalProvider, name: str, *argv: str, stdin: str = "") -> str:
    """Run a command on a host; return what it prints; CalledProcessError if it fails."""
    command = provider.command(name, argv)
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


def set_up_program(host: Host, name: str, script: str) -> None:
    """Let the host's supervisord run a script, as roles do it; for `said`, see `heard`."""
    root = Path(host.root)
    program = root / "bin" / name
    program.write_text(f"#!/bin/bash\n{script}")
    program.chmod(0o755)
    conf = root / f"edx/app/supervisor/conf.d/{name}.conf"
    conf.write_text(f"[program:{name}]\ncommand=bin/{name}\nstartsecs=0\n")
    with suppress(FileExistsError):
        os.mkfifo(root / "said")


def heard(host: Host) -> str:
    """Wait until something on the host writes to the FIFO `said` in its root; return what."""
    pipe = os.open(Path(host.root) / "said", os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(pipe) as file:
        assert select.select([pipe], [], [], 60)[0], "nothing was said"
        os.set_blocking(pipe, True)
        return file.read()
