"""Loopback addresses: each host on this machine claims one of its own."""

import errno
import hashlib
import socket
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from ocim.adapters.providers.claims import claim
from ocim.core.errors import PermanentError

ATTEMPTS = 100
FIRST, LAST = int(IPv4Address("127.1.0.1")), int(IPv4Address("127.255.255.254"))


def claim_address(claims: Path, name: str, ports: Sequence[int]) -> str:
    """Claim an address whose `ports` are all free, and return it.

    Raise PermanentError if there is none: another program then has a port on all addresses.
    """
    taken: list[int] = []
    for address in _candidates(claims, name):
        if not claim(claims, address, name):
            continue
        taken = [port for port in ports if _is_taken(address, port)]
        if not taken:
            return address
        (claims / address).unlink()
    raise PermanentError(
        f"No loopback address has its ports {', '.join(map(str, ports))} free: "
        f"a program of this machine uses {', '.join(map(str, taken))} on all of them.",
        remedy="Find it with `ss -ltnp` and stop it, or let it listen on 127.0.0.1 only.",
    )


def _candidates(claims: Path, name: str) -> Iterator[str]:
    """Yield addresses to try: they differ between installations, and are not soon used again.

    A balancer may still know the address of a host that was just destroyed.
    """
    for attempt in range(ATTEMPTS):
        digest = hashlib.sha256(f"{claims}\0{name}\0{attempt}".encode()).digest()
        yield str(IPv4Address(FIRST + int.from_bytes(digest[:8], "big") % (LAST - FIRST + 1)))


def _is_taken(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError:  # a port of root's: somebody may still listen on it
            return probe.connect_ex((address, port)) == 0
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    return False
