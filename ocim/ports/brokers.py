"""The port of the servers for Celery's messages."""

from collections.abc import Sequence
from typing import Protocol

from ocim.core.instance import Broker, BrokerHost, BrokerUsage


class Brokers(Protocol):
    """Broker servers of one kind."""

    kind: str
    shared: bool
    """True if instances on one server are kept apart; False: each needs a server of its own."""

    def examine(self, host: BrokerHost) -> str:
        """Return the server's version.

        Raise PermanentError if it is another kind of server, if the account has too few rights, or
        if the server's settings would lose accounts or messages.
        """

    def ensure(self, host: BrokerHost, accounts: Sequence[Broker]) -> None:
        """Give an instance its virtual host, with exactly these accounts.

        Accounts that exist keep working; former accounts of the instance are removed.
        """

    def drop(self, host: BrokerHost, place: Broker) -> None:
        """Remove the instance's virtual host, messages and accounts; do nothing if there are none.

        Its connections are closed.
        """

    def usage(self, host: BrokerHost, place: Broker) -> BrokerUsage:
        """Return how the instance uses the server."""

    def accounts(self, host: BrokerHost) -> frozenset[str]:
        """Return the users of all accounts that Ocim has created there."""
