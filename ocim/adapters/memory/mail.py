"""An SMTP relay in memory."""

from collections.abc import Sequence

from ocim.core.errors import PermanentError, TransientError
from ocim.core.mail import Mail, MailRelay


class MemoryRelays:
    """Relays that reject the senders in `refuses`; `away` ones do not answer."""

    def __init__(self) -> None:
        self.refuses: set[str] = set()
        self.away = False
        self.sent: list[Mail] = []

    def rejected(self, relay: MailRelay, senders: Sequence[str]) -> dict[str, str]:
        """Return the senders that are refused."""
        if self.away:
            raise TransientError(f"{relay} does not answer.")
        return {sender: "553 not yours" for sender in senders if sender in self.refuses}

    def send(self, relay: MailRelay, mail: Mail) -> None:
        """Keep the message in `sent`."""
        if self.rejected(relay, [mail.sender]):
            raise PermanentError(f"{relay} rejects the message: 553 not yours.")
        self.sent.append(mail)
