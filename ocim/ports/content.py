"""The port of the servers for courses and their search, which Tutor's instances share."""

from collections.abc import Sequence
from typing import Protocol

from ocim.core.content import ContentAccount, ContentHost, ContentUsage


class ContentServers(Protocol):
    """Content servers of one kind, each shared by several instances."""

    kind: str

    def examine(self, host: ContentHost) -> str:
        """Return the server's version.

        Raise PermanentError if it is another kind of server, if the account has too few rights, or
        if the server lets in everybody.
        """

    def ensure(self, host: ContentHost, accounts: Sequence[ContentAccount]) -> None:
        """Give an instance its place, with exactly these accounts, which can use no other place.

        Accounts that exist keep working; former accounts of the instance are removed.
        """

    def drop(self, host: ContentHost, account: ContentAccount) -> None:
        """Remove the instance's place with all accounts and data; do nothing if there are none."""

    def usage(self, host: ContentHost, account: ContentAccount) -> ContentUsage:
        """Return what the instance has on the server."""

    def accounts(self, host: ContentHost) -> frozenset[str]:
        """Return the users of all accounts that Ocim has created there."""
