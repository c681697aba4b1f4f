"""Machines of a manager: network namespaces on one bridge, with the pool's machines."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil

from ocim.adapters.providers import claims
from ocim.adapters.providers.nspawn.bridge import Bridge
from tests.acceptance.installation import until


class Machine:
    """A machine with an address and a directory of its own; `start` runs programs on it."""

    def __init__(self, name: str, bridge: Bridge, directory: Path) -> None:
        self.name = name
        self.directory = directory
        directory.mkdir(mode=0o700)
        self._mark = uuid4().hex[:8]
        self.namespace, self._link = f"ocim-{self._mark}", f"ocim{self._mark}"
        self.address = bridge.claim_address(f"machine-{name}")
        self.environment: dict[str, str] = {}
        self.log = directory / "log"
        self._programs: list[tuple[Sequence[str], Mapping[str, str]]] = []
        self._running: list[subprocess.Popen[bytes]] = []
        peer = ["type", "veth", "peer", "name", "eth0", "netns", self.namespace]
        _ip("netns", "add", self.namespace)
        _ip("link", "add", self._link, *peer)
        _ip("link", "set", self._link, "master", bridge.name, "up")
        inside = ["-n", self.namespace]
        _ip(*inside, "address", "add", f"{self.address}/{bridge.network.prefixlen}", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "route", "add", "default", "via", bridge.gateway)

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` on the machine."""
        return ["ip", "netns", "exec", self.namespace, *argv]

    def start(self, *argv: str, **environment: str) -> None:
        """Run a program until the machine is killed, and again after `boot`."""
        self._programs.append((argv, environment))
        self.run(argv, environment)

    def run(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Run a program that does not start again with the machine."""
        with self.log.open("ab") as log:
            self._running.append(
                subprocess.Popen(
                    self.command(argv),
                    env={**self.environment, **(environment or {})},
                    cwd=self.directory,
                    stdout=log,
                    stderr=log,
                )
            )

    def kill(self) -> None:
        """End everything on the machine at once, as when its power fails."""
        while processes := self.processes():
            for process in processes:
                with suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL)
            psutil.wait_procs(processes, timeout=1)
        for program in self._running:
            program.wait()
        self._running.clear()

    def boot(self) -> None:
        """Start the programs again."""
        for argv, environment in self._programs:
            self.run(argv, environment)

    def cut(self) -> None:
        """Cut it off from the network: packets are lost, and nobody is told."""
        _ip("link", "set", self._link, "down")

    def join(self) -> None:
        """Connect it to the network again."""
        _ip("link", "set", self._link, "up")

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return the processes on the machine whose command lines have the words."""
        listed = subprocess.run(
            ["ip", "netns", "pids", self.namespace], capture_output=True, text=True, check=True
        )
        processes = []
        for pid in listed.stdout.split():
            with suppress(psutil.Error):
                process = psutil.Process(int(pid))
                line = " ".join(process.cmdline())
                if all(word in line for word in words):
                    processes.append(process)
        return processes

    def said(self) -> str:
        """Return what its programs have written."""
        return self.log.read_text() if self.log.exists() else ""

    def wait_for(self, pattern: str) -> None:
        """Wait until a program has written what matches the pattern."""
        until(lambda: re.search(pattern, self.said()), f"{self.name}: never {pattern!r}")

    def remove(self, bridge: Bridge) -> None:
        """End it with its programs and its address."""
        self.kill()
        _ip("link", "delete", self._link)
        _ip("netns", "delete", self.namespace)
        claims.release(bridge.addresses, f"machine-{self.name}")


@contextmanager
def machines_of(names: Sequence[str], bridge: Bridge, directory: Path) -> Iterator[list[Machine]]:
    """Yield machines on the bridge; nothing of them is left afterwards."""
    machines: list[Machine] = []
    try:
        for name in names:
            machines.append(Machine(name, bridge, directory / name))
            machines[-1].environment = _plain_environment(directory / name)
        yield machines
    finally:
        for machine in machines:
            machine.remove(bridge)


def _plain_environment(home: Path) -> dict[str, str]:
    ours = ("OCIM_", "HUEY_", "DATABASE_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "HOME": str(home)}


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
