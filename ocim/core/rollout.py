"""Rollouts: (record, now) → what to do next. Nothing here waits, and nothing is remembered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import plural
from ocim.core.windows import Window

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Rules:
    """What was asked for when the rollout was begun."""

    batch_size: int = 2
    """Instances upgraded at once."""
    num_attempts: int = 1
    stagger: timedelta = timedelta(0)
    """Between two starts."""
    max_failures: int | None = None
    """More failed instances than so many stop it."""
    max_same_cause: int | None = 3
    """So many failures of one cause stop it."""
    approve_waves: bool = False
    """Whether a person has to say that the next wave may begin."""
    window: Window | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the rules as JSON has them; `from_json` is the inverse."""
        window = str(self.window) if self.window else None
        return {**asdict(self), "stagger": self.stagger.total_seconds(), "window": window}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the rules that `to_json` wrote."""
        window = Window.of(values["window"]) if values["window"] else None
        return cls(**{**values, "stagger": timedelta(seconds=values["stagger"]), "window": window})


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One instance's part, as it stands."""

    id: int
    state: UpgradeState
    wave: int = 0
    attempts: int = 0
    not_before: datetime | None = None
    started_at: datetime | None = None
    """The last attempt."""
    cause: str = ""
    """The signature of its failure."""
    forgiven: bool = False
    """Whether somebody has seen its failure and resumed: it stops the rollout no more."""
    time_zone: str = "UTC"
    held: bool = False
    """Whether somebody keeps it from being started, for now."""
    held_until: datetime | None = None
    """When that is over by itself."""


@dataclass(frozen=True, slots=True)
class Record:
    """A rollout, as the database has it."""

    state: RolloutState
    rules: Rules
    upgrades: Sequence[Upgrade]
    """In the order in which they are to be started."""
    approved_wave: int = 0
    """The last wave that a person has let begin."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now; nothing of it: wait for what is under way."""

    start: tuple[int, ...] = ()
    """Ids of the upgrades to start."""
    pause: str = ""
    """Why it has to stop starting any."""
    end: bool = False
    """Nothing is left to be done."""
    look_again: datetime | None = None
    """When something will be due that nobody else reports."""


def decide(record: Record, now: datetime) -> Decision:
    """Look at the record as it is, and say what follows."""
    waiting = [one for one in record.upgrades if one.state == UpgradeState.PENDING]
    running = [one for one in record.upgrades if one.state == UpgradeState.RUNNING]
    if record.state == RolloutState.ABORTED or not waiting:
        return Decision(end=not running)
    if record.state != RolloutState.RUNNING:
        return Decision()
    if reason := _stopped_by(record):
        return Decision(pause=reason)
    free_to_go = [one for one in waiting if not one.held]
    if not free_to_go:
        return Decision() if running else _all_held(waiting)
    wave = min(one.wave for one in [*free_to_go, *running])
    if reason := _wave_closed(record, wave):
        return Decision(pause=reason)
    free = record.rules.batch_size - len(running)
    return _start([one for one in free_to_go if one.wave == wave], free, record, now)


def pause_before_attempt(attempts: int) -> timedelta:
    """How long to wait before another attempt, after so many."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(16, max(0, attempts - 1))))


def _start(waiting: Sequence[Upgrade], free: int, record: Record, now: datetime) -> Decision:
    due = {one.id: _due(one, record.rules, now) for one in waiting}
    ready = [one.id for one in waiting if due[one.id] <= now]
    later = min((moment for moment in due.values() if moment > now), default=None)
    if free <= 0:
        return Decision()
    if not record.rules.stagger:
        return Decision(start=tuple(ready[:free]), look_again=later if len(ready) < free else None)
    starts = [one.started_at for one in record.upgrades if one.started_at]
    next_start = max(starts) + record.rules.stagger if starts else now
    if next_start > now:
        return Decision(look_again=next_start)
    if not ready:
        return Decision(look_again=later)
    more = free > 1 and len(waiting) > 1
    return Decision(start=(ready[0],), look_again=now + record.rules.stagger if more else None)


def _all_held(waiting: Sequence[Upgrade]) -> Decision:
    """Wait for the first hold that ends by itself; where none does, somebody has to release one."""
    ends = [one.held_until for one in waiting if one.held_until]
    if ends:
        return Decision(look_again=min(ends))
    return Decision(pause=f"Only held instances are left: {len(waiting)}.")


def _due(upgrade: Upgrade, rules: Rules, now: datetime) -> datetime:
    moment = max(now, upgrade.not_before or now)
    return rules.window.next_opening(moment, upgrade.time_zone) if rules.window else moment


def _stopped_by(record: Record) -> str:
    """Why no more may be started: the failure budget is spent, or one cause keeps coming back."""
    rules = record.rules
    failed = [one for one in record.upgrades if _counts(one)]
    if rules.max_failures is not None and len(failed) > rules.max_failures:
        return (
            f"{plural(len(failed), 'instance')} failed; --max-failures allows {rules.max_failures}."
        )
    for cause, count in Counter(one.cause for one in failed).most_common(1):
        if rules.max_same_cause is not None and count >= rules.max_same_cause:
            return f"{plural(count, 'instance')} failed for one reason: {cause}"
    return ""


def _counts(upgrade: Upgrade) -> bool:
    return upgrade.state == UpgradeState.FAILED and not upgrade.forgiven


def _wave_closed(record: Record, wave: int) -> str:
    before = [one for one in record.upgrades if one.wave < wave]
    if failed := sum(map(_counts, before)):
        return f"In the earlier waves, {failed} of {plural(len(before), 'instance')} failed."
    if before and all(one.held and one.state == UpgradeState.PENDING for one in before):
        return f"Every instance of the earlier waves is held ({len(before)})."
    if record.rules.approve_waves and wave > record.approved_wave:
        return f"Wave {wave + 1} waits for somebody's approval."
    return ""
