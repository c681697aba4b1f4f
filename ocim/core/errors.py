"""One tree of errors. Each says what is wrong, what to do, and whether trying again helps."""

from collections.abc import Callable, Sequence
from typing import Any


class OcimError(Exception):
    """What an operator may be shown as it stands: `problem`, then `remedy`.

    `retryable` says whether the same attempt may succeed later without anybody changing anything.
    """

    retryable = False

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class ValidationError(OcimError):
    """Input that was refused as a whole; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Sequence[str], *, remedy: str = "") -> None:
        super().__init__("\n".join(faults), remedy=remedy)
        self.faults = tuple(faults)


class Conflict(OcimError):
    """What was asked for does not fit the present state; nothing was changed."""


class LostClaim(OcimError):
    """Another process holds, or has taken over, the thing that this one was working on."""


class TransientError(OcimError):
    """Something outside Ocim (a host, a balancer, a repository) failed in a way that may pass."""

    retryable = True


class PermanentError(OcimError):
    """Something outside Ocim said no, and will say so again until somebody changes something."""


class HostUnreachable(TransientError):
    """A host did not come up in time, went away, or no longer exists."""


class Cancelled(OcimError):
    """The work was stopped because somebody asked for it."""


def gathered(*reads: Callable[[], Any]) -> list[Any]:
    """Return what each of them returns; ValidationError with the faults of all."""
    results, faults = [], []
    for read in reads:
        try:
            results.append(read())
        except ValidationError as error:
            faults += [f"{fault} {error.remedy}".strip() for fault in error.faults]
    if faults:
        raise ValidationError(faults)
    return results
