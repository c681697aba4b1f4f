"""A rollout whose upgrades last and end as they are told to; it checks every decision."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ocim.core.rollout import Decision, Record, Rules, Upgrade, decide, pause_before_attempt
from ocim.core.states import RolloutState, UpgradeState

ENOUGH = 2000
"""More looks than any of them needs."""


@dataclass
class Model:
    outcomes: list[list[tuple[int, str]]]
    """Seconds of each attempt of each upgrade, and the cause of failure, if it fails."""
    rules: Rules
    canaries: int
    deeds: dict[int, str]
    """Commands of a person, by the number of the look that they precede."""
    now: datetime = datetime(2026, 3, 28, 12, tzinfo=UTC)
    state: RolloutState = RolloutState.RUNNING
    approved_wave: int = 0
    upgrades: dict[int, Upgrade] = field(default_factory=dict)
    ends: dict[int, datetime] = field(default_factory=dict)
    wake: datetime | None = None

    def __post_init__(self) -> None:
        zones = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles"]
        self.upgrades = {
            pk: Upgrade(
                pk, UpgradeState.PENDING, wave=int(pk >= self.canaries), time_zone=zones[pk % 4]
            )
            for pk in range(len(self.outcomes))
        }

    def run(self) -> None:
        """Look whenever there is a reason to, until it is over."""
        for look in range(ENOUGH):
            self._do(self.deeds.get(look, ""))
            decision = decide(self._record(), self.now)
            self._check(decision)
            self._follow(decision)
            if self.state == RolloutState.ENDED:
                return
            self._let_time_pass(decision)
        raise AssertionError("It does not end.")

    def _record(self) -> Record:
        upgrades = list(self.upgrades.values())
        return Record(self.state, self.rules, upgrades, approved_wave=self.approved_wave)

    def _of(self, state: UpgradeState) -> list[Upgrade]:
        return [upgrade for upgrade in self.upgrades.values() if upgrade.state == state]

    def _check(self, decision: Decision) -> None:
        running = self._of(UpgradeState.RUNNING)
        started = [self.upgrades[pk] for pk in decision.start]
        assert len(running) + len(started) <= self.rules.batch_size or not started
        assert len({item.id for item in started}) == len(started)
        if started:
            assert self.state == RolloutState.RUNNING
        for item in started:
            self._check_start(item)
        if self.rules.stagger:
            starts = [
                upgrade.started_at for upgrade in self.upgrades.values() if upgrade.started_at
            ]
            assert len(started) <= 1
            assert not started or all(at + self.rules.stagger <= self.now for at in starts)

    def _check_start(self, one: Upgrade) -> None:
        assert one.state == UpgradeState.PENDING
        assert one.not_before is None or one.not_before <= self.now
        for other in self.upgrades.values():
            if other.wave < one.wave:
                assert other.state == UpgradeState.SUCCEEDED or other.forgiven
        if self.rules.approve_waves:
            assert one.wave <= self.approved_wave
        if window := self.rules.window:
            assert window.next_opening(self.now, one.time_zone) == self.now

    def _follow(self, decision: Decision) -> None:
        for pk in decision.start:
            item = self.upgrades[pk]
            self.upgrades[pk] = replace(
                item, state=UpgradeState.RUNNING, attempts=item.attempts + 1, started_at=self.now
            )
            self.ends[pk] = self.now + timedelta(seconds=self.outcomes[pk][item.attempts][0])
        if decision.pause:
            self.state = RolloutState.PAUSED
        if decision.end:
            assert not self._of(UpgradeState.RUNNING)
            self.state = RolloutState.ENDED

    def _let_time_pass(self, decision: Decision) -> None:
        """Move the clock to the next end of an upgrade or look; resume a paused rollout."""
        moments = [*self.ends.values(), *filter(None, [decision.look_again])]
        if decision.start and not decision.look_again and self.rules.stagger:
            assert self.ends  # somebody will report
        if not moments:
            assert self.state in (RolloutState.PAUSED, RolloutState.ABORTED)
            self._do("resume")
            return
        assert min(moments) > self.now
        self.now = min(moments)
        for pk in [pk for pk, end in self.ends.items() if end <= self.now]:
            del self.ends[pk]
            self._end(self.upgrades[pk])

    def _end(self, one: Upgrade) -> None:
        cause = self.outcomes[one.id][one.attempts - 1][1]
        if not cause:
            state = UpgradeState.SUCCEEDED
        elif one.attempts >= self.rules.num_attempts:
            state = UpgradeState.FAILED
        elif self.state == RolloutState.ABORTED:
            state = UpgradeState.CANCELLED
        else:
            state = UpgradeState.PENDING
        later = self.now + pause_before_attempt(one.attempts)
        self.upgrades[one.id] = replace(one, state=state, cause=cause, not_before=later)

    def _do(self, deed: str) -> None:
        if deed == "pause" and self.state == RolloutState.RUNNING:
            self.state = RolloutState.PAUSED
        if deed == "abort" and self.state != RolloutState.ENDED:
            self.state = RolloutState.ABORTED
            for item in self._of(UpgradeState.PENDING):
                self.upgrades[item.id] = replace(item, state=UpgradeState.CANCELLED)
        if deed == "resume" and self.state == RolloutState.PAUSED:
            self.state = RolloutState.RUNNING
            for item in self._of(UpgradeState.FAILED):
                self.upgrades[item.id] = replace(item, forgiven=True)
            if waiting := self._of(UpgradeState.PENDING):
                self.approved_wave = min(item.wave for item in waiting)
