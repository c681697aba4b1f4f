"""The port of the search servers that instances share."""

from collections.abc import Mapping
from typing import Protocol

from ocim.core.instance import Search, SearchHost


class SearchServers(Protocol):
    """Search servers of one kind, each shared by several instances for their indexes."""

    kind: str

    def examine(self, host: SearchHost) -> str:
        """Return the server's version.

        Raise PermanentError if it is another kind of server, or the account has too few rights.
        """

    def ensure(self, host: SearchHost, place: Search) -> None:
        """Create the account unless it exists, set its password, and limit it to its prefix."""

    def drop(self, host: SearchHost, place: Search) -> None:
        """Remove the account and its indexes; do nothing if there are none."""

    def indexes(self, host: SearchHost, prefix: str) -> Mapping[str, int]:
        """Return the number of documents by index, for names that begin with the prefix."""

    def aliases(self, host: SearchHost, prefix: str) -> Mapping[str, str]:
        """Return the index of each alias whose name begins with the prefix."""
