"""Networks of hosts: each has a small part of the installation's network."""

import hashlib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from pathlib import Path

from ocim.adapters.providers.claims import claim
from ocim.adapters.providers.docker.engine import Engine, as_options
from ocim.core.errors import PermanentError

PREFIX = 27
"""Length of the prefix of a host's network: 29 containers."""
TAKEN = "overlap"
"""Word of the engine's refusal of a network that another one has already."""


def create(
    engine: Engine,
    claims: Path,
    host: str,
    *,
    name: str,
    network: IPv4Network,
    labels: Mapping[str, str],
) -> IPv4Network:
    """Create the host's network, and return its addresses.

    Without addresses that are chosen, an engine has no more than 31 networks. Raise PermanentError
    if no part of `network` is free.
    """
    for part in _parts(network, name):
        thing = str(part).replace("/", "-")
        if not claim(claims, thing, host):
            continue
        try:
            engine.run("network", "create", "--subnet", str(part), *as_options(labels), name)
        except PermanentError as error:
            if TAKEN not in error.problem.lower():
                raise
            (claims / thing).unlink()  # a network of somebody else on this engine
        else:
            return part
    raise PermanentError(
        f"All networks of /{PREFIX} in {network} are taken.",
        remedy="Terminate app servers, or set a larger OCIM_DOCKER_NETWORK.",
    )


def _parts(network: IPv4Network, name: str) -> Iterator[IPv4Network]:
    """Yield all parts; networks begin at different ones, as engines do not know of one another."""
    count = 2 ** (PREFIX - network.prefixlen)
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    for attempt in range(count):
        number = (first + attempt) % count
        address = int(network.network_address) + (number << (32 - PREFIX))
        yield IPv4Network((address, PREFIX))
