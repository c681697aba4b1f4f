"""Errors of Ocim: each says what is wrong, what to do, and whether trying again helps."""

from collections.abc import Callable, Sequence
from typing import Any

from ocim.core.faults import Fault


class OcimError(Exception):
    """Base of all errors that operators may see as they are: `problem`, then `remedy`."""

    retryable = False
    """True if the same attempt may succeed later, without any change by a person."""

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class ValidationError(OcimError):
    """Input that was rejected; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Sequence[str], *, remedy: str = "") -> None:
        super().__init__("\n".join(faults), remedy=remedy)
        self.faults = tuple(map(Fault.of, faults))


class Conflict(OcimError):
    """Request that does not fit the present state; nothing was changed."""


class LostClaim(OcimError):
    """Loss of a claim: another process holds, or has taken over, what this one was working on."""


class TransientError(OcimError):
    """Failure of an external system (a host, a balancer, a repository) that may pass by itself."""

    retryable = True


class PermanentError(OcimError):
    """Rejection by an external system; retrying does not help until somebody changes something."""


class HostUnreachable(TransientError):
    """Failure to reach a host: it did not come up in time, went away, or no longer exists."""


class Cancelled(OcimError):
    """End of work because somebody cancelled it."""


def gathered(*reads: Callable[[], Any]) -> list[Any]:
    """Return the results of all functions; raise ValidationError with the faults of all."""
    results, faults = [], []
    for read in reads:
        try:
            results.append(read())
        except ValidationError as error:
            faults += [f"{fault} {error.remedy}".strip() for fault in error.faults]
    if faults:
        raise ValidationError(list(dict.fromkeys(faults)))
    return results
