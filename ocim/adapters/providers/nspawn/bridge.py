"""The bridge that containers are connected to: there for as long as one of them uses it."""

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
    """Containers reach the world through it, and this machine at its first address.

    `published`: services on this machine's loopback that they reach there, at the same port.
    `state`: a directory that holds who uses it, and nothing else.
    """

    state: Path
    network: IPv4Network
    published: Sequence[tuple[str, int]] = ()

    @property
    def name(self) -> str:
        """Differs between installations; at most 15 bytes, as the kernel wants it."""
        return f"ocim-{hashlib.sha256(str(self.state).encode()).hexdigest()[:8]}"

    @property
    def gateway(self) -> str:
        """The address of this machine on it."""
        return str(self.network[1])

    @property
    def addresses(self) -> Path:
        """Where they are claimed."""
        return self.state / "addresses"

    def claim_address(self, name: str) -> str:
        """Return an address that is now the container's; PermanentError where all are taken."""
        free = self.network.num_addresses - 3
        # Not soon used again: a balancer may still know it.
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
        """The address by which a container reaches what has `address` here."""
        return self.gateway if _is_loopback(address) else address

    def use(self, name: str) -> None:
        """Make it where it is missing; it stays until `leave`."""
        with self._locked():
            self._user(name).touch()
            if not self._exists():
                self._make()
            # Also where it is there already: a firewall that was set up anew forgets our rules.
            run(["nft", "-f", "-"], stdin=self._rules())

    def leave(self, name: str) -> None:
        """Remove it if nobody else uses it."""
        with self._locked():
            self._user(name).unlink(missing_ok=True)
            if not self.users():
                self._remove()

    def users(self) -> set[str]:
        """The names of those who use it."""
        return {path.name for path in (self.state / "users").glob("*")}

    def is_left(self) -> bool:
        """Whether it, or its rules, are there although nobody uses it."""
        if not self.state.exists():
            return self._exists()
        with self._locked():
            return not self.users() and (self._exists() or self._has_rules())

    def remove_left(self) -> None:
        """Remove it if nobody uses it."""
        if self.is_left():
            with self._locked():
                if not self.users():
                    self._remove()

    def _has_rules(self) -> bool:
        # Also where the manager is not root, or has no nft: then it has made none.
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
            for one in link["addr_info"]:
                if IPv4Interface(f"{one['local']}/{one['prefixlen']}").network.overlaps(
                    self.network
                ):
                    raise PermanentError(
                        f"{self.network} is in use already, by {link['ifname']} of this machine.",
                        remedy="Set OCIM_NSPAWN_NETWORK to a network that is free here.",
                    )
        run(["ip", "link", "add", self.name, "type", "bridge"])
        address = f"{self.gateway}/{self.network.prefixlen}"
        run(["ip", "address", "add", address, "dev", self.name])
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
    """Names are none: they are looked up where they are used."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
