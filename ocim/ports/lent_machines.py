"""The port of the record of machines that a pool lends: shared by all machines of the manager."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class LentMachine:
    """A machine of a pool that serves a host, or must not be used."""

    name: str
    host: str = ""
    """Host that it serves; empty: none."""
    description: Mapping[str, Any] | None = None
    """Fields of the machine as it was lent; None until the host is complete."""
    is_stopped: bool = False
    kept_out: str = ""
    """Reason why it must not be used; empty: it may be."""


class LentMachines(Protocol):
    """A record of machines. Each method is one step: any number of processes may call at once."""

    def all(self) -> Sequence[LentMachine]:
        """Return every machine that serves a host or must not be used, by name."""

    def of_host(self, host: str) -> Sequence[LentMachine]:
        """Return the machines that serve a host: one, or several after an interrupted attempt."""

    def take(self, name: str, host: str) -> bool:
        """Assign a machine to a host; return True if the host has it now.

        A machine that serves another host, or must not be used, is not lent.
        """

    def describe(self, name: str, host: str, description: Mapping[str, Any]) -> bool:
        """Record the machine of a complete host; return False if the host has it no longer."""

    def set_stopped(self, host: str, is_stopped: bool) -> None:
        """Record that the host's services were stopped, or may run again."""

    def begin_cleaning(self, name: str, host: str) -> str:
        """Return a token for an attempt to clean a host's machine; empty if the host has it not.

        Until the attempt ends, the machine must not be used, also after a crash.
        """

    def end_cleaning(self, name: str, token: str, fault: str = "") -> bool:
        """Take the machine from its host; with a fault, it must not be used from now on.

        Do nothing and return False if another attempt to clean it began later: that one ends it.
        """

    def release(self, name: str, host: str) -> None:
        """Take a machine from a host that has not used it yet."""

    def readmit(self, name: str) -> bool:
        """Let a machine be used again; return False if it was not kept out."""
