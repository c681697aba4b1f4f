"""A notifier in memory, for tests."""

from collections.abc import Sequence

from ocim.core.errors import OcimError
from ocim.core.notices import Notice


class MemoryNotifier:
    """A notifier that keeps the notices that it is to send.

    `sent` holds each delivered notice with its target. `refusals` maps a target to the error that
    `send` raises for it.
    """

    kind = "memory"

    def __init__(self, *targets: str) -> None:
        self.refusals: dict[str, OcimError] = {}
        self.sent: list[tuple[str, Notice]] = []
        self._targets = targets

    def targets(self) -> Sequence[str]:
        return self._targets

    def send(self, target: str, notice: Notice) -> None:
        """Keep the notice; raise the target's error if a test has set one."""
        if refusal := self.refusals.get(target):
            raise refusal
        self.sent.append((target, notice))
