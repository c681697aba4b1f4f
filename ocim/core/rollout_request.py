"""Requests for rollouts: everything that may be asked for, in one value, whoever asks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

from ocim.core.errors import ValidationError, gathered
from ocim.core.rollout import Rules
from ocim.core.waves import Share, read_shares
from ocim.core.windows import Window

ALL = 100
"""Percent."""
MOST = 10**9
"""A number beyond any that makes sense."""
LEAST = {
    "batch_size": 1,
    "num_attempts": 1,
    "stagger": 0,
    "canary": 0,
    "max_same_cause": 0,
}
"""The smallest number that each option takes."""
NUMBERS: Mapping[str, Callable[[str], float]] = {"stagger": float}
"""Functions that read numbers that need not be whole."""
_BUDGET = re.compile(r"([0-9]{1,9})(%?)")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class FailureBudget:
    """The number of failed instances that a rollout tolerates, absolute or in percent of all."""

    number: int
    is_percentage: bool = False

    @classmethod
    def of(cls, text: str) -> Self:
        """Read `3` or `10%`. Raise ValidationError for anything else."""
        match = _BUDGET.fullmatch(text)
        if not match:
            raise ValidationError([f"{text!r} is neither a number nor a percentage."])
        budget = cls(int(match[1]), bool(match[2]))
        if budget.is_percentage and budget.number > ALL:
            raise ValidationError([f"{text} is more than all: {ALL}% at most."])
        return budget

    def among(self, count: int) -> int:
        """Return the budget as a number of instances, of `count` in all; rounded down."""
        return self.number * count // ALL if self.is_percentage else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_percentage else str(self.number)


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """A request for a rollout. `operations.rollouts.request.read_request` makes it from options."""

    tag: str
    filter: Mapping[str, Any] = field(default_factory=dict)
    """Django lookups that select instances; empty: all."""
    exclude: Mapping[str, Any] = field(default_factory=dict)
    """Django lookups of instances to leave out; empty: none."""
    retry_failed: bool = False
    """Take instances again that are tagged `TAG-failed`."""
    update: Mapping[str, Any] = field(default_factory=dict)
    """Instance fields to change before new app servers are created."""
    sql: tuple[str, ...] = ()
    """SQL statements to run on each instance's database before its upgrade."""
    strict_sql: bool = False
    """Fail an instance when one of its SQL statements fails."""
    backup: bool = False
    """Dump an instance's databases before anything of it changes."""
    activate: bool = True
    """Let the new app servers serve instead of the old ones."""
    batch_size: int = 2
    """Number of instances to upgrade in parallel."""
    num_attempts: int = 1
    """Number of attempts for each instance."""
    stagger: float = 0.0
    """Seconds between two starts."""
    waves: tuple[Share, ...] = ()
    """Instances that go first, second, …; the others go last."""
    approve_waves: bool = False
    """Wait for a person's approval before each wave but the first."""
    max_failures: FailureBudget | None = None
    """Failed instances that are tolerated. None: any number."""
    max_same_cause: int | None = 3
    """Failures of one cause that pause the rollout. None: any number."""
    window: Window | None = None
    """Hours in which upgrades may start, in each instance's time zone. None: all."""
    queue: str = ""
    """Queue of the workers that do it."""
    at: datetime | None = None
    """Time to begin, when it is planned anew. None: at once."""

    def rules(self, count: int) -> Rules:
        """Return the rules by which a rollout of `count` instances is driven."""
        return Rules(
            batch_size=self.batch_size,
            num_attempts=self.num_attempts,
            stagger=timedelta(seconds=self.stagger),
            max_failures=self.max_failures.among(count) if self.max_failures else None,
            max_same_cause=self.max_same_cause,
            approve_waves=self.approve_waves,
            window=self.window,
        )

    def as_options(self) -> dict[str, Any]:
        """Return the options that make this request, for JSON; `read_request` is the inverse."""
        return {
            "tag": self.tag,
            "filter": dict(self.filter),
            "exclude": dict(self.exclude),
            "retry_failed": self.retry_failed,
            "update": dict(self.update),
            "preupgrade_sql_commands": list(self.sql),
            "strict_sql": self.strict_sql,
            "backup": self.backup,
            "no_activate": not self.activate,
            "batch_size": self.batch_size,
            "num_attempts": self.num_attempts,
            "stagger": self.stagger,
            "waves": ",".join(map(str, self.waves)),
            "approve_waves": self.approve_waves,
            "max_failures": str(self.max_failures) if self.max_failures else "",
            "max_same_cause": self.max_same_cause or 0,
            "window": str(self.window) if self.window else "",
            "queue": self.queue,
            "at": self.at.isoformat() if self.at else "",
        }


def read_rules(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's fields that say how to upgrade, not what. Options may be missing.

    Raise ValidationError with everything that is wrong with them.
    """
    numbers, window, budget, at = gathered(
        lambda: _numbers(options),
        lambda: _read("--window", Window.of, options.get("window")),
        lambda: _read("--max-failures", FailureBudget.of, options.get("max_failures")),
        lambda: _read("--at", read_time, options.get("at")),
    )
    flags = ("retry_failed", "strict_sql", "backup", "approve_waves")
    return {
        **numbers,
        **{name: bool(options.get(name)) for name in flags},
        "activate": not options.get("no_activate"),
        "window": window,
        "max_failures": budget,
        "queue": options.get("queue", ""),
        "at": at,
    }


def read_time(text: str) -> datetime:
    """Read a day and a time, of UTC unless an offset follows. Raise ValidationError for others."""
    try:
        time = datetime.fromisoformat(text.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValidationError(
            [f"{text!r} is no time."],
            remedy="Write 2026-05-04T22:00 for a time in UTC, or 2026-05-04T22:00+02:00.",
        ) from None


def read_waves(options: Mapping[str, Any]) -> tuple[Share, ...]:
    """Return the shares that `waves` or `canary` asks for. Raise ValidationError for others."""
    waves, canary = str(options.get("waves") or ""), options.get("canary") or 0
    if not waves.strip():
        return (Share(count=canary),) if canary else ()
    if canary:
        raise ValidationError([f"--canary: write it as the first of --waves: {canary},…"])
    return _read("--waves", read_shares, waves) or ()


def _numbers(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers among the options; a form has them as texts."""
    numbers: dict[str, Any] = {}
    faults = []
    for name, least in LEAST.items():
        if (value := options.get(name)) is None:
            continue
        option = f"--{name.replace('_', '-')}"
        try:
            number = NUMBERS.get(name, int)(value) if isinstance(value, str) else value
        except ValueError:
            faults.append(f"{option}: {value!r} is no number.")
            continue
        if not least <= number < MOST:
            faults.append(f"{option} must be {least} or more, and a number.")
        numbers[name] = number
    if faults:
        raise ValidationError(faults)
    if "max_same_cause" in numbers:
        numbers["max_same_cause"] = numbers["max_same_cause"] or None
    numbers.pop("canary", None)
    return numbers


def _read(option: str, read: Callable[[str], Value], text: str | None) -> Value | None:
    """Return what an option's text says; None where it is missing or empty."""
    if not (text or "").strip():
        return None
    try:
        return read(str(text))
    except ValidationError as error:
        faults = [f"{option}: {fault}" for fault in error.faults]
        raise ValidationError(faults, remedy=error.remedy) from None
