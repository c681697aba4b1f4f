"""Search servers in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Search, SearchHost
from ocim.core.secrets import Secret


@dataclass
class MemorySearchServer:
    """The state of one server."""

    user: str = "elastic"
    password: Secret | None = None
    """Password of the account; None accepts any."""
    version: str = "7.17.0"
    places: dict[str, Search] = field(default_factory=dict)
    """Accounts with their limits, by user name."""
    documents: dict[str, int] = field(default_factory=dict)
    """Number of documents by index."""
    aliases: dict[str, str] = field(default_factory=dict)


class MemorySearchServers:
    """Search servers by URL; with `invented`, every URL has a server."""

    kind = "elasticsearch"

    def __init__(self, *, invented: bool = True) -> None:
        self.servers: dict[str, MemorySearchServer] = {}
        self.invented = invented
        self.away: set[str] = set()
        """URLs whose servers do not answer."""

    def examine(self, host: SearchHost) -> str:
        """Return the version that was set; raise PermanentError unless it is 7."""
        version = self._server(host).version
        if not version.startswith("7."):
            raise PermanentError(f"{host.url} is Elasticsearch {version}.")
        return version

    def ensure(self, host: SearchHost, place: Search) -> None:
        """Add the account."""
        self._server(host).places[place.user] = place

    def drop(self, host: SearchHost, place: Search) -> None:
        """Remove the account and its indexes."""
        server = self._server(host)
        server.places.pop(place.user, None)
        for index in self.indexes(host, place.index_prefix):
            del server.documents[index]

    def indexes(self, host: SearchHost, prefix: str) -> Mapping[str, int]:
        """Return the number of documents of the indexes with that prefix."""
        documents = self._server(host).documents
        return {name: count for name, count in documents.items() if name.startswith(prefix)}

    def aliases(self, host: SearchHost, prefix: str) -> Mapping[str, str]:
        """Return the index of each alias with that prefix."""
        aliases = self._server(host).aliases
        return {name: index for name, index in aliases.items() if name.startswith(prefix)}

    def _server(self, host: SearchHost) -> MemorySearchServer:
        if self.invented:
            self.servers.setdefault(host.url, MemorySearchServer())
        if host.url in self.away or host.url not in self.servers:
            raise TransientError(f"The search server {host.url} does not answer.")
        server = self.servers[host.url]
        if host.user != server.user or server.password not in (None, host.password):
            raise PermanentError(f"{host.url} says 401: unable to authenticate {host.user}.")
        return server
