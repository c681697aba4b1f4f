"""The record of a mass upgrade, for people and scripts: nothing secret is in it."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from ocim.core.holds import Hold
from ocim.core.states import RolloutState, UpgradeState
from ocim.operations.redeploy.masking import shown, without_accounts
from ocim.operations.redeploy.variables import Change, together, without_values
from ocim.store.models import Rollout, SqlRun, Upgrade

OF_DJANGO = {"verbosity", "no_color", "force_color", "traceback", "skip_checks", "settings",
             "pythonpath"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was run on one instance's database."""

    statement: str
    state: str
    rows: int | None
    seconds: float | None
    error: str


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one instance."""

    id: int | None
    """None where it was deleted since."""
    label: str
    state: str
    wave: int
    """From 1 on."""
    step: str
    attempts: int
    before: Mapping[str, Any]
    """The fields that change, as they were."""
    after: Mapping[str, Any]
    """… and as they are to be."""
    variables: Sequence[Change]
    """How the new app servers' variables were planned to differ from those that served."""
    replaced: Sequence[int]
    """App servers that served before."""
    appservers: Sequence[int]
    """Those of the last attempt."""
    failure: str
    cause: str
    started_at: datetime | None
    """The last attempt."""
    ended_at: datetime | None
    seconds: float | None
    """Of the last attempt; so far, where it is under way."""
    sql: Sequence[Statement]
    held: str
    """Why it is not started for now."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that have one signature."""

    cause: str
    instances: Sequence[str]
    retry: str
    """The command that tries just these again."""


@dataclass(frozen=True, slots=True)
class Report:
    """A rollout as it stands at `made_at`."""

    id: int
    tag: str
    state: str
    reason: str
    begun_by: str
    begun_at: datetime
    ended_at: datetime | None
    seconds: float
    made_at: datetime
    queue: str
    plan_hash: str
    arguments: Mapping[str, Any]
    """As they were given, with documents in place of their files' names."""
    counts: Mapping[str, int]
    """Instances by state; only states that occur."""
    instances: Sequence[Line]
    failures: int
    causes: Sequence[Cause]
    """The most frequent first."""
    commands: Mapping[str, str]
    """What may be done next, and what that does."""

    @property
    def variables(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Labels of instances, and the changes of variables that just these have in common."""
        return together({line.label: line.variables for line in self.instances})

    @property
    def causes_in_words(self) -> str:
        """`38 failures, 2 causes`; nothing where none failed."""
        causes = len(self.causes)
        return f"{_many(self.failures, 'failure')}, {_many(causes, 'cause')}" if causes else ""


def report(rollout_id: int, now: datetime) -> Report:
    """Read it in three queries, whatever the number of instances; Rollout.DoesNotExist."""
    rollout = Rollout.objects.select_related("creator").get(pk=rollout_id)
    upgrades = (
        rollout.upgrades.order_by("wave", "id")
        .prefetch_related("sql_runs")
        .annotate(
            hold_reason=Coalesce("instance__ref_set__hold_reason", Value("")),
            held_from=F("instance__ref_set__held_from"),
            held_until=F("instance__ref_set__held_until"),
            time_zone=Coalesce("instance__time_zone", Value("UTC")),
        )
    )
    lines = [_line(one, now) for one in upgrades]
    failed = [one for one in lines if one.state == UpgradeState.FAILED]
    counts = Counter(one.state for one in lines)
    return Report(
        id=rollout.pk,
        tag=rollout.tag,
        state=rollout.state,
        reason=rollout.reason,
        begun_by=str(rollout.creator) if rollout.creator else rollout.begun_by,
        begun_at=rollout.created,
        ended_at=rollout.ended_at,
        seconds=((rollout.ended_at or now) - rollout.created).total_seconds(),
        made_at=now,
        queue=rollout.queue,
        plan_hash=rollout.plan_hash,
        arguments=_arguments(rollout),
        counts={state.value: counts[state] for state in UpgradeState if counts[state]},
        instances=lines,
        failures=len(failed),
        causes=_causes(rollout.pk, failed),
        commands=_commands(rollout, counts),
    )


def _line(upgrade: Upgrade, now: datetime) -> Line:
    changed = [name for name, new in upgrade.after.items() if upgrade.before[name] != new]
    began = upgrade.started_at
    ended = upgrade.ended_at or (now if upgrade.state == UpgradeState.RUNNING else None)
    runs = sorted(upgrade.sql_runs.all(), key=lambda run: run.position)
    return Line(
        id=upgrade.instance_id,
        label=upgrade.label,
        state=upgrade.state,
        wave=upgrade.wave + 1,
        step=upgrade.step,
        attempts=upgrade.attempts,
        before={name: shown(name, upgrade.before[name]) for name in changed},
        after={name: shown(name, upgrade.after[name], "changed") for name in changed},
        variables=[without_values(one) for one in upgrade.variables],
        replaced=upgrade.replaced,
        appservers=upgrade.appservers,
        failure=without_accounts(upgrade.failure),
        cause=upgrade.cause,
        started_at=began,
        ended_at=upgrade.ended_at,
        seconds=(ended - began).total_seconds() if began and ended else None,
        sql=[_statement(run) for run in runs],
        held=_hold(upgrade, now) if upgrade.state == UpgradeState.PENDING else "",
    )


def _hold(upgrade: Any, now: datetime) -> str:
    of = (upgrade.hold_reason, upgrade.held_from, upgrade.held_until, upgrade.time_zone)
    return Hold(*of).on(now)


def _statement(run: SqlRun) -> Statement:
    text, error = without_accounts(run.statement), without_accounts(run.error)
    return Statement(text, run.state, run.rows, run.seconds, error)


def _causes(rollout_id: int, failed: Sequence[Line]) -> list[Cause]:
    groups: dict[str, list[str]] = {}
    for line in failed:
        groups.setdefault(line.cause, []).append(line.label)
    return [
        Cause(cause, labels, f"ocim rollout retry {rollout_id} --cause {shlex.quote(cause)}")
        for cause, labels in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]


def _commands(rollout: Rollout, counts: Counter[str]) -> dict[str, str]:
    ended, running, paused = (
        rollout.state == state
        for state in (RolloutState.ENDED, RolloutState.RUNNING, RolloutState.PAUSED)
    )
    again = counts[UpgradeState.FAILED] + counts[UpgradeState.CANCELLED]
    possible = {
        "watch": running and "See what happens.",
        "pause": running and "Start no more for now.",
        "resume": paused and "Go on.",
        "abort": (running or paused) and "Start no more, for good.",
        "retry": again and f"Try again what failed or was cancelled ({again}).",
        "undo": ended and counts[UpgradeState.SUCCEEDED] and "Let what was replaced serve again.",
    }
    return {f"ocim rollout {name} {rollout.pk}": does for name, does in possible.items() if does}


def _arguments(rollout: Rollout) -> dict[str, Any]:
    resolved = {
        **rollout.arguments,
        "update": rollout.update,
        "preupgrade_sql_commands": rollout.sql,
    }
    return {
        name: shown(name, value)
        for name, value in resolved.items()
        if value and name not in OF_DJANGO
    }


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
