"""The bridge that containers are connected to; it exists while one of them uses it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network, ip_address
from pathlib import Path

from ocim.adapters import locks
from ocim.adapters.providers.claims import claim
from ocim.adapters.providers.tools import run
from ocim.core.errors import PermanentError

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
RULES = """
table ip {name} {{}}
delete table ip {name}
table ip {name} {{
    chain loopback {{
        type filter hook prerouting priority raw
        iifname {name} ip daddr 127.0.0.0/8 drop
    }}
    chain published {{
        type nat hook prerouting priority dstnat
        {published}
    }}
    chain outward {{
        type nat hook postrouting priority srcnat
        ip saddr {network} oifname != {name} masquerade
    }}
}}
"""


@dataclass(frozen=True)
class Bridge:
    """The containers' connection to the world, and to this machine at the bridge's first address.

    `published`: services on this machine's loopback that containers reach at that address, at the
    same port. `state`: a directory for the bridge's files only.
    """

    state: Path
    network: IPv4Network
    published: Sequence[tuple[str, int]] = ()

    @property
    def name(self) -> str:
        """Name of the interface: differs between installations, and has at most 15 bytes."""
        return f"ocim-{hashlib.sha256(str(self.state).encode()).hexdigest()[:8]}"

    @property
    def gateway(self) -> str:
        """Address of this machine on the bridge."""
        return str(self.network[1])

    @property
    def addresses(self) -> Path:
        """Directory with the claims of addresses."""
        return self.state / "addresses"

    def claim_address(self, name: str) -> str:
        """Claim a free address for the container and return it.

        Raise PermanentError if none is free.
        """
        free = self.network.num_addresses - 3
        # Addresses are spread, so that a balancer which still knows an old one does not reach
        # another container.
        first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        for attempt in range(free):
            address = str(self.network[2 + (first + attempt) % free])
            if claim(self.addresses, address, name):
                return address
        raise PermanentError(
            f"All {free} addresses of {self.network} are taken.",
            remedy="Terminate app servers, or set a larger OCIM_NSPAWN_NETWORK.",
        )

    def seen_from_inside(self, address: str) -> str:
        """Return the address at which a container reaches a service that has `address` here."""
        return self.gateway if _is_loopback(address) else address

    def use(self, name: str) -> None:
        """Create the bridge unless it exists; it stays until `leave` is called."""
        with self._locked():
            self._user(name).touch()
            if not self._exists():
                self._make()
            # Even if the bridge exists, since a firewall that was reloaded has lost the rules.
            run(["nft", "-f", "-"], stdin=self._rules())

    def leave(self, name: str) -> None:
        """Remove the bridge if nobody else uses it."""
        with self._locked():
            self._user(name).unlink(missing_ok=True)
            if not self.users():
                self._remove()

    def users(self) -> set[str]:
        """Return the names of the containers that use the bridge."""
        return {path.name for path in (self.state / "users").glob("*")}

    def is_left(self) -> bool:
        """Return True if the bridge or its rules exist although nobody uses them."""
        if not self.state.exists():
            return self._exists()
        with self._locked():
            return not self.users() and (self._exists() or self._has_rules())

    def remove_left(self) -> None:
        """Remove the bridge and its rules if nobody uses them."""
        if self.is_left():
            with self._locked():
                if not self.users():
                    self._remove()

    def _has_rules(self) -> bool:
        # A manager that is not root, or has no nft, cannot have made rules.
        try:
            return f"table ip {self.name}\n" in run(["nft", "list", "tables"])
        except PermanentError:
            return False

    def _user(self, name: str) -> Path:
        return self.state / "users" / name

    def _exists(self) -> bool:
        return Path(f"/sys/class/net/{self.name}").exists()

    def _make(self) -> None:
        for link in json.loads(run(["ip", "-json", "-4", "address"])):
            for address in link["addr_info"]:
                interface = IPv4Interface(f"{address['local']}/{address['prefixlen']}")
                if interface.network.overlaps(self.network):
                    raise PermanentError(
                        f"{link['ifname']} of this machine uses {self.network} already.",
                        remedy="Set OCIM_NSPAWN_NETWORK to a free network.",
                    )
        run(["ip", "link", "add", self.name, "type", "bridge"])
        gateway = f"{self.gateway}/{self.network.prefixlen}"
        run(["ip", "address", "add", gateway, "dev", self.name])
        run(["ip", "link", "set", self.name, "up"])
        Path(f"/proc/sys/net/ipv4/conf/{self.name}/route_localnet").write_text("1")
        if FORWARDING.read_text().strip() == "0":
            FORWARDING.write_text("1")

    def _remove(self) -> None:
        run(["nft", "-f", "-"], stdin=f"table ip {self.name} {{}}\ndelete table ip {self.name}\n")
        if self._exists():
            run(["ip", "link", "delete", self.name])

    def _rules(self) -> str:
        published = "\n        ".join(
            f"iifname {self.name} ip daddr {self.gateway} tcp dport {port} dnat to {address}"
            for address, port in self.published
            if _is_loopback(address) and ":" not in address
        )
        return RULES.format(name=self.name, network=self.network, published=published)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        (self.state / "users").mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.state / "lock").open("w") as lock:
            locks.acquire(lock.fileno())
            yield


def _is_loopback(address: str) -> bool:
    """Return True for a loopback address; False for a name, which is resolved where it is used."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
