"""A notifier that keeps what it is told."""

from collections.abc import Sequence

from ocim.core.errors import OcimError
from ocim.core.notices import Notice


class MemoryNotifier:
    """`told` is what came through, by target; `refusals`: target → what `tell` raises."""

    kind = "memory"

    def __init__(self, *targets: str) -> None:
        self.refusals: dict[str, OcimError] = {}
        self.told: list[tuple[str, Notice]] = []
        self._targets = targets

    def targets(self) -> Sequence[str]:
        return self._targets

    def tell(self, target: str, notice: Notice) -> None:
        """Keep it, unless a test has it refused."""
        if refusal := self.refusals.get(target):
            raise refusal
        self.told.append((target, notice))
