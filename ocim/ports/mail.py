"""The port of the SMTP relay that sends mail."""

from collections.abc import Sequence
from typing import Protocol

from ocim.core.mail import Mail, MailRelay


class MailRelays(Protocol):
    """SMTP relays."""

    def rejected(self, relay: MailRelay, senders: Sequence[str]) -> dict[str, str]:
        """Return the senders that the relay rejects, with its reasons. Send no message.

        Raise TransientError if it does not answer, and PermanentError if it rejects the account or
        does not begin TLS.
        """

    def send(self, relay: MailRelay, mail: Mail) -> None:
        """Send the message.

        Raise TransientError if the relay does not answer, and PermanentError if it rejects the
        account, the sender or the recipient, or does not begin TLS.
        """
