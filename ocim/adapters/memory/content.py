"""Content servers in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ocim.core.content import ContentAccount, ContentHost, ContentUsage
from ocim.core.errors import PermanentError, TransientError
from ocim.core.secrets import Secret


@dataclass
class MemoryContentServer:
    """The state of one server."""

    password: Secret | None = None
    """Password of Ocim's account; None accepts any."""
    version: str = "7.0.28"
    places: dict[str, dict[str, Secret]] = field(default_factory=dict)
    """Passwords by user, by place."""
    documents: dict[str, dict[str, int]] = field(default_factory=dict)
    """Number of documents by collection, by place."""

    def accepts(self, account: ContentAccount) -> bool:
        """Return True if the account may use its place."""
        return self.places.get(account.place, {}).get(account.user) == account.password

    def write(self, account: ContentAccount, collection: str) -> None:
        """Add a document."""
        collections = self.documents.setdefault(account.place, {})
        collections[collection] = collections.get(collection, 0) + 1


class MemoryContentServers:
    """Content servers by host name; with `invented`, every name has a server."""

    def __init__(self, kind: str, *, invented: bool = True) -> None:
        self.kind = kind
        self.servers: dict[str, MemoryContentServer] = {}
        self.invented = invented
        self.away: set[str] = set()
        """Names of hosts whose servers do not answer."""

    def examine(self, host: ContentHost) -> str:
        """Return the version that was set."""
        return self._server(host).version

    def ensure(self, host: ContentHost, accounts: Sequence[ContentAccount]) -> None:
        """Replace the accounts."""
        passwords = {account.user: account.password for account in accounts}
        self._server(host).places[accounts[0].place] = passwords

    def drop(self, host: ContentHost, account: ContentAccount) -> None:
        """Remove the place."""
        server = self._server(host)
        server.places.pop(account.place, None)
        server.documents.pop(account.place, None)

    def usage(self, host: ContentHost, account: ContentAccount) -> ContentUsage:
        """Return the documents that were written."""
        collections = self._server(host).documents.get(account.place, {})
        return ContentUsage(len(collections), sum(collections.values()))

    def accounts(self, host: ContentHost) -> frozenset[str]:
        """Return all users."""
        return frozenset(user for users in self._server(host).places.values() for user in users)

    def _server(self, host: ContentHost) -> MemoryContentServer:
        if self.invented:
            self.servers.setdefault(host.host, MemoryContentServer())
        if host.host in self.away or host.host not in self.servers:
            raise TransientError(f"The content server {host.url} does not answer.")
        server = self.servers[host.host]
        if server.password not in (None, host.password):
            raise PermanentError(f"{host.url} rejected the password of {host.user or 'Ocim'}.")
        return server
