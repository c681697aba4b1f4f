"""An SMTP relay in memory."""

from collections.abc import Sequence

from ocim.core.errors import TransientError
from ocim.core.mail import MailRelay


class MemoryRelays:
    """Relays that reject the senders in `refuses`; `away` ones do not answer."""

    def __init__(self) -> None:
        self.refuses: set[str] = set()
        self.away = False

    def rejected(self, relay: MailRelay, senders: Sequence[str]) -> dict[str, str]:
        """Return the senders that are refused."""
        if self.away:
            raise TransientError(f"{relay} does not answer.")
        return {sender: "553 not yours" for sender in senders if sender in self.refuses}
