"""Keep hosts' directories on the engine's machine, and end processes there, if it is another one.

All of it is done by containers, as the engine's root: ssh's user need not be more than one who may
command the engine.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from socket import create_connection

from ocim.adapters.docker_projects import ANCHOR_PLACE
from ocim.adapters.providers.claims import claim
from ocim.adapters.providers.docker import anchor
from ocim.adapters.providers.docker.engine import Engine, as_options
from ocim.core.errors import PermanentError

BASE = "/var/lib/ocim-hosts"
"""Directory of the engine's machine for hosts of all managers."""
PORTS = range(20000, 30000)
"""Ports of the engine's machine for hosts: below those that systems give to clients."""
ATTEMPTS = 100
SECONDS = 1.0
KILL = (
    "for file in $(grep -lszxF '{}' /proc/[0-9]*/environ); do"
    " file=${{file%/environ}}; kill -KILL ${{file#/proc/}} || :; done"
)


class Elsewhere:
    """Directories of hosts on the engine's machine, below `base`, and processes in containers."""

    def __init__(self, engine: Engine, *, base: str, locks: Path) -> None:
        self._engine = engine
        self._directory = f"{base}/{engine.installation}"
        self._locks = locks

    def root(self, host: str) -> str:
        """Return the host's directory."""
        return f"{self._directory}/{host}"

    def hosts(self) -> set[str]:
        """Return the names of hosts that have a directory."""
        return set(self._run(f"cd {ANCHOR_PLACE}; echo *").split()) - {"*"}

    def remove(self, engine: Engine, host: str, labels: Mapping[str, str]) -> None:
        """Remove the host's directory."""
        script = f"rm -rf {ANCHOR_PLACE}/{host}"
        options = (*as_options(labels), *anchor.mounted(self._directory))
        anchor.run(engine, script, *options, locks=self._locks)

    def kill(self, variable: str) -> None:
        """Kill what runs in containers with that variable, `NAME=VALUE`."""
        options = ("--pid", "host", "--cap-add", "SYS_PTRACE")
        anchor.run(self._engine, KILL.format(variable), *options, locks=self._locks)

    def _run(self, script: str) -> str:
        options = anchor.mounted(self._directory)
        return anchor.run(self._engine, script, *options, locks=self._locks)


def claim_port(claims: Path, name: str, *, machine: str, installation: str) -> str:
    """Claim a port of the machine that nothing listens at, and return `ADDRESS:PORT`.

    Ports differ between installations, and are not soon used again. Raise PermanentError if there
    is none.
    """
    host = f"[{machine}]" if isinstance(ip_address(machine), IPv6Address) else machine
    for port in _candidates(installation, name):
        address = f"{host}:{port}"
        if not claim(claims, address, name):
            continue
        if not _listens(machine, port):
            return address
        (claims / address).unlink()
    raise PermanentError(
        f"No port from {PORTS[0]} to {PORTS[-1]} of {machine} is free.",
        remedy="Terminate app servers, or stop what listens there.",
    )


def _candidates(installation: str, name: str) -> Iterator[int]:
    for attempt in range(ATTEMPTS):
        digest = sha256(f"{installation}\0{name}\0{attempt}".encode()).digest()
        yield PORTS[int.from_bytes(digest[:8], "big") % len(PORTS)]


def _listens(machine: str, port: int) -> bool:
    try:
        create_connection((machine, port), SECONDS).close()
    except OSError:
        return False
    return True
