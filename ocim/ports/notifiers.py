"""The port of notices to people."""

from collections.abc import Sequence
from typing import Protocol

from ocim.core.notices import Notice


class Notifier(Protocol):
    """A notifier sends notices to people, by e-mail for example."""

    kind: str

    def targets(self) -> Sequence[str]:
        """Return a stable name for each recipient, without secrets."""

    def send(self, target: str, notice: Notice) -> None:
        """Send the notice; return once it was accepted. Error messages contain no secret."""
