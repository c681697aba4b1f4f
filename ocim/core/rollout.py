"""The decision about a rollout: (record, now) → what to do next. Nothing waits or remembers."""

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
    """The rules that were set when the rollout started."""

    batch_size: int = 2
    """Maximum number of upgrades at once."""
    num_attempts: int = 1
    stagger: timedelta = timedelta(0)
    """Time between two starts."""
    max_failures: int | None = None
    """Pause the rollout when more than this many instances have failed. None: no limit."""
    max_same_cause: int | None = 3
    """Pause the rollout when this many instances failed for one cause. None: no limit."""
    approve_waves: bool = False
    """True if a person has to approve each wave but the first."""
    window: Window | None = None
    """Hours in which upgrades may start. None: all."""

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
    """The upgrade of one instance, as it is now."""

    id: int
    state: UpgradeState
    wave: int = 0
    attempts: int = 0
    not_before: datetime | None = None
    started_at: datetime | None = None
    """Start of the last attempt."""
    cause: str = ""
    """Signature of its failure: equal for failures with one cause."""
    forgiven: bool = False
    """True if its failure no longer counts, because somebody resumed the rollout after it."""
    time_zone: str = "UTC"
    held: bool = False
    """True while a hold keeps it from starting."""
    held_until: datetime | None = None
    """Time at which the hold ends by itself."""


@dataclass(frozen=True, slots=True)
class Record:
    """A rollout as the database has it."""

    state: RolloutState
    rules: Rules
    upgrades: Sequence[Upgrade]
    """The upgrades, in the order in which they start."""
    approved_wave: int = 0
    """The last wave that a person has approved."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The next thing to do. If nothing is set: wait for the upgrades that are under way."""

    start: tuple[int, ...] = ()
    """Ids of the upgrades to start."""
    pause: str = ""
    """The reason to pause. Empty: do not pause."""
    end: bool = False
    """True if nothing is left to do."""
    look_again: datetime | None = None
    """Time to decide again, if nothing reports earlier."""


def decide(record: Record, now: datetime) -> Decision:
    """Return what to do next, going by the record and the time alone."""
    waiting = _in_state(record, UpgradeState.PENDING)
    running = _in_state(record, UpgradeState.RUNNING)
    if record.state == RolloutState.ABORTED or not waiting:
        return Decision(end=not running)
    if record.state != RolloutState.RUNNING:
        return Decision()
    if reason := _stopped_by(record):
        return Decision(pause=reason)
    free_to_go = [upgrade for upgrade in waiting if not upgrade.held]
    if not free_to_go:
        return Decision() if running else _all_held(waiting)
    wave = min(upgrade.wave for upgrade in (*free_to_go, *running))
    if reason := _wave_closed(record, wave):
        return Decision(pause=reason)
    free = record.rules.batch_size - len(running)
    return _start([upgrade for upgrade in free_to_go if upgrade.wave == wave], free, record, now)


def pause_before_attempt(attempts: int) -> timedelta:
    """Return the time to wait before another attempt: doubled with each, 15 minutes at most."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(16, max(0, attempts - 1))))


def _in_state(record: Record, state: UpgradeState) -> list[Upgrade]:
    return [upgrade for upgrade in record.upgrades if upgrade.state == state]


def _start(waiting: Sequence[Upgrade], free: int, record: Record, now: datetime) -> Decision:
    due = {upgrade.id: _due(upgrade, record.rules, now) for upgrade in waiting}
    ready = [pk for pk, moment in due.items() if moment <= now]
    later = min((moment for moment in due.values() if moment > now), default=None)
    if free <= 0:
        return Decision()
    if not record.rules.stagger:
        return Decision(start=tuple(ready[:free]), look_again=later if len(ready) < free else None)
    starts = [upgrade.started_at for upgrade in record.upgrades if upgrade.started_at]
    next_start = max(starts) + record.rules.stagger if starts else now
    if next_start > now:
        return Decision(look_again=next_start)
    if not ready:
        return Decision(look_again=later)
    more = free > 1 and len(waiting) > 1
    return Decision(start=(ready[0],), look_again=now + record.rules.stagger if more else None)


def _all_held(waiting: Sequence[Upgrade]) -> Decision:
    """Wait for the first hold that ends by itself; pause if none does."""
    ends = [upgrade.held_until for upgrade in waiting if upgrade.held_until]
    if ends:
        return Decision(look_again=min(ends))
    return Decision(pause=f"All pending instances are held ({len(waiting)}).")


def _due(upgrade: Upgrade, rules: Rules, now: datetime) -> datetime:
    moment = max(now, upgrade.not_before or now)
    return rules.window.next_opening(moment, upgrade.time_zone) if rules.window else moment


def _stopped_by(record: Record) -> str:
    """Return why no more upgrades may start: too many failed, or too many for one cause."""
    rules = record.rules
    failed = [upgrade for upgrade in record.upgrades if _counts(upgrade)]
    if rules.max_failures is not None and len(failed) > rules.max_failures:
        return (
            f"{plural(len(failed), 'instance')} failed; --max-failures allows {rules.max_failures}."
        )
    for cause, count in Counter(upgrade.cause for upgrade in failed).most_common(1):
        if rules.max_same_cause is not None and count >= rules.max_same_cause:
            return f"{plural(count, 'instance')} failed for one reason: {cause}"
    return ""


def _counts(upgrade: Upgrade) -> bool:
    return upgrade.state == UpgradeState.FAILED and not upgrade.forgiven


def _wave_closed(record: Record, wave: int) -> str:
    before = [upgrade for upgrade in record.upgrades if upgrade.wave < wave]
    if failed := sum(map(_counts, before)):
        return f"In the earlier waves, {failed} of {plural(len(before), 'instance')} failed."
    if before and all(upgrade.held and upgrade.state == UpgradeState.PENDING for upgrade in before):
        return f"Every instance of the earlier waves is held ({len(before)})."
    if record.rules.approve_waves and wave > record.approved_wave:
        return f"Wave {wave + 1} waits for approval."
    return ""
