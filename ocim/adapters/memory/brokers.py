"""Broker servers in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Broker, BrokerHost, BrokerUsage
from ocim.core.secrets import Secret


@dataclass
class MemoryBroker:
    """The state of one server."""

    password: Secret | None = None
    """Password of Ocim's account; None accepts any."""
    version: str = "3.10.8"
    places: dict[str, dict[str, Secret]] = field(default_factory=dict)
    """Passwords by user, by virtual host."""
    queues: dict[str, dict[str, int]] = field(default_factory=dict)
    """Number of messages by queue, by virtual host."""

    def accepts(self, account: Broker) -> bool:
        """Return True if the account may use its virtual host."""
        return self.places.get(account.vhost, {}).get(account.user) == account.password

    def send(self, account: Broker, queue: str) -> None:
        """Add a message."""
        queues = self.queues.setdefault(account.vhost, {})
        queues[queue] = queues.get(queue, 0) + 1


class MemoryBrokers:
    """Broker servers by host name; with `invented`, every name has a server."""

    def __init__(self, kind: str = "rabbitmq", *, invented: bool = True) -> None:
        self.kind = kind
        self.shared = kind == "rabbitmq"
        self.servers: dict[str, MemoryBroker] = {}
        self.invented = invented
        self.away: set[str] = set()
        """Names of hosts whose servers do not answer."""

    def examine(self, host: BrokerHost) -> str:
        """Return the version that was set."""
        return self._server(host).version

    def ensure(self, host: BrokerHost, accounts: Sequence[Broker]) -> None:
        """Replace the accounts."""
        passwords = {account.user: account.password for account in accounts}
        self._server(host).places[accounts[0].vhost] = passwords

    def drop(self, host: BrokerHost, place: Broker) -> None:
        """Remove the virtual host."""
        self._server(host).places.pop(place.vhost, None)
        self._server(host).queues.pop(place.vhost, None)

    def usage(self, host: BrokerHost, place: Broker) -> BrokerUsage:
        """Return the messages that were sent; nobody is connected."""
        return BrokerUsage(0, dict(self._server(host).queues.get(place.vhost, {})))

    def accounts(self, host: BrokerHost) -> frozenset[str]:
        """Return all users."""
        return frozenset(user for users in self._server(host).places.values() for user in users)

    def _server(self, host: BrokerHost) -> MemoryBroker:
        if self.invented:
            self.servers.setdefault(host.host, MemoryBroker())
        if host.host in self.away or host.host not in self.servers:
            raise TransientError(f"The broker {host.host} does not answer.")
        server = self.servers[host.host]
        if server.password not in (None, host.password):
            raise PermanentError(f"{host.host} rejected the password of {host.user}.")
        return server
