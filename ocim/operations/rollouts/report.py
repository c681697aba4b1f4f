"""The making of a rollout's record, for people and scripts, without secrets."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, Value, Window
from django.db.models.functions import Coalesce, RowNumber

from ocim.catalog.secrets.masking import mask_sql, mask_text
from ocim.core.estimate import seconds_left
from ocim.core.holds import Hold
from ocim.core.migrations import Migration
from ocim.core.rollout_commands import RolloutCommand, number_needed, possible_commands
from ocim.core.states import DryRunState, RolloutState, SqlState, UpgradeState
from ocim.operations.rollouts.masking import shown
from ocim.operations.rollouts.record import (
    Cause,
    DryRun,
    Dump,
    Event,
    Line,
    Report,
    SqlFailures,
    Statement,
    Step,
)
from ocim.operations.rollouts.variables import without_values
from ocim.store.models import Backup, LogEntry, Rollout, RolloutEvent, SqlRun, Upgrade, UpgradeStep

FAILED = UpgradeState.FAILED
LINES_OF_LOG = 20


def report(rollout_id: int, now: datetime) -> Report:
    """Return a rollout's record. Seven queries, whatever the number of instances."""
    rollout = Rollout.objects.select_related("creator").get(pk=rollout_id)
    upgrades = (
        rollout.upgrades.order_by("wave", "id")
        .prefetch_related("backups", "sql_runs", "steps")
        .annotate(
            hold_reason=Coalesce("instance__ref_set__hold_reason", Value("")),
            held_from=F("instance__ref_set__held_from"),
            held_until=F("instance__ref_set__held_until"),
            time_zone=Coalesce("instance__time_zone", Value("UTC")),
        )
    )
    logs = _logs(
        [pk for upgrade in upgrades if upgrade.state == FAILED for pk in upgrade.appservers]
    )
    labels = {upgrade.pk: upgrade.label for upgrade in upgrades}
    lines = [_line(upgrade, now, logs, labels) for upgrade in upgrades]
    failed = [line for line in lines if line.state == UpgradeState.FAILED]
    counts = Counter(line.state for line in lines)
    return Report(
        id=rollout.pk,
        tag=rollout.tag,
        state=rollout.state,
        reason=mask_text(rollout.reason),
        started_by=str(rollout.creator) if rollout.creator else rollout.started_by,
        begun_at=rollout.begins_at,
        ended_at=rollout.ended_at,
        seconds=_seconds(rollout, now),
        made_at=now,
        queue=rollout.queue,
        plan_hash=rollout.plan_hash,
        arguments=_arguments(rollout),
        counts={state.value: counts[state] for state in UpgradeState if counts[state]},
        history=[_event(event) for event in rollout.events.order_by("id")],
        instances=lines,
        failures=len(failed),
        causes=_causes(rollout.pk, failed),
        sql_failures=_sql_failures(lines, len(rollout.sql)),
        seconds_left=_seconds_left(rollout, lines),
        commands=_commands(rollout, counts),
    )


def _seconds(rollout: Rollout, now: datetime) -> float:
    """Return how long a rollout took, or has taken so far; 0 before it begins."""
    return max(0.0, ((rollout.ended_at or now) - rollout.begins_at).total_seconds())


def _line(
    upgrade: Upgrade, now: datetime, logs: Mapping[int, list[str]], labels: Mapping[int, str]
) -> Line:
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
        variables=[without_values(change) for change in upgrade.variables],
        replaced=upgrade.replaced,
        appservers=upgrade.appservers,
        failure=mask_text(upgrade.failure),
        cause=mask_text(upgrade.cause),
        started_at=began,
        ended_at=upgrade.ended_at,
        seconds=(ended - began).total_seconds() if began and ended else None,
        preview=_dry_run(upgrade.dry_run, labels),
        backups=[dump(backup) for backup in sorted(upgrade.backups.all(), key=_purpose)],
        sql=[_statement(run) for run in runs],
        held=_hold(upgrade, now) if upgrade.state == UpgradeState.PENDING else "",
        steps=[_step(step, now) for step in sorted(upgrade.steps.all(), key=_pk)],
        log=[
            *map(mask_text, upgrade.dry_run.get("log", ())),
            *(line for pk in upgrade.appservers for line in logs.get(pk, ())),
        ],
    )


def _purpose(backup: Backup) -> str:
    return backup.purpose


def _pk(step: UpgradeStep) -> int:
    return step.pk


def _hold(upgrade: Any, now: datetime) -> str:
    hold = Hold(upgrade.hold_reason, upgrade.held_from, upgrade.held_until, upgrade.time_zone)
    return hold.on(now)


def _dry_run(stored: Mapping[str, Any], labels: Mapping[int, str]) -> DryRun | None:
    if not stored:
        return None
    return DryRun(
        state=stored.get("state", DryRunState.DONE),
        reason=mask_text(stored.get("reason", "")),
        of=labels.get(stored.get("like", 0), ""),
        migrations=[_migration(migration) for migration in stored.get("migrations", ())],
        blind=stored.get("blind", ()),
        copied=stored.get("bytes", 0),
        copy_seconds=stored.get("copy_seconds"),
        seconds=stored.get("seconds"),
    )


def _migration(stored: Mapping[str, Any]) -> Migration:
    effects = (tuple(stored[kind]) for kind in ("drops", "locks", "unclear"))
    return Migration(stored["service"], stored["name"], stored["seconds"], *effects)


def _step(step: UpgradeStep, now: datetime) -> Step:
    ended = step.ended_at or now
    return Step(
        step.name,
        step.attempt,
        step.state,
        step.started_at,
        step.ended_at,
        (ended - step.started_at).total_seconds(),
    )


def dump(backup: Backup) -> Dump:
    """Return a backup as the record has it."""
    return Dump(backup.purpose, backup.path, backup.size, backup.seconds, backup.created_at)


def _event(event: RolloutEvent) -> Event:
    return Event(event.created_at, event.kind, event.by, mask_text(event.reason))


def _logs(appservers: Sequence[int]) -> dict[int, list[str]]:
    """Return the last lines of the logs of those app servers that failed, by id."""
    place = Window(RowNumber(), partition_by="appserver", order_by="-id")
    lines = LogEntry.objects.filter(appserver__in=appservers, appserver__state=FAILED)
    logs: dict[int, list[str]] = {}
    for line in lines.annotate(place=place).filter(place__lte=LINES_OF_LOG).order_by("id"):
        task = f"{line.task} > " if line.task else ""
        text = f"{line.time:%H:%M:%S} {line.level} {task}{mask_text(line.text)}"
        if line.appserver_id:
            logs.setdefault(line.appserver_id, []).append(text)
    return logs


def _statement(run: SqlRun) -> Statement:
    text, error = mask_sql(run.statement), mask_text(run.error)
    return Statement(text, run.state, run.rows, run.seconds, error, run.note)


def sql_failures(rollout: Rollout) -> list[SqlFailures]:
    """Return the instances on which SQL statements failed, with their numbers. One query."""
    failed = Count("sql_runs", filter=Q(sql_runs__state=SqlState.FAILED))
    counted = rollout.upgrades.annotate(failed=failed).filter(failed__gt=0)
    total = len(rollout.sql)
    rows = counted.order_by("wave", "id").values_list("label", "failed")
    return [SqlFailures(label, failed, total) for label, failed in rows]


def _sql_failures(lines: Sequence[Line], total: int) -> list[SqlFailures]:
    counted = [
        (line.label, sum(run.state == SqlState.FAILED for run in line.sql)) for line in lines
    ]
    return [SqlFailures(label, failed, total) for label, failed in counted if failed]


def _causes(rollout_id: int, failed: Sequence[Line]) -> list[Cause]:
    groups: dict[str, list[str]] = {}
    for line in failed:
        groups.setdefault(line.cause, []).append(line.label)
    return [
        Cause(cause, labels, f"ocim rollout retry {rollout_id} --cause {shlex.quote(cause)}")
        for cause, labels in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]


def _seconds_left(rollout: Rollout, lines: Sequence[Line]) -> float | None:
    def took(state: UpgradeState) -> list[float]:
        return [line.seconds for line in lines if line.state == state and line.seconds is not None]

    waiting = sum(line.state == UpgradeState.PENDING for line in lines)
    return seconds_left(
        ended=took(UpgradeState.SUCCEEDED),
        running=took(UpgradeState.RUNNING),
        waiting=waiting if rollout.state == RolloutState.RUNNING else 0,
        slots=rollout.rules["batch_size"],
    )


def _commands(rollout: Rollout, counts: Mapping[str, int]) -> dict[str, str]:
    """Return the command lines that are possible now, each with what it does."""
    does = {
        RolloutCommand.WATCH: "Show what happens, until it ends or pauses.",
        RolloutCommand.PAUSE: "Start no more upgrades for now.",
        RolloutCommand.RESUME: "Go on, and forgive the failures so far.",
        RolloutCommand.ABORT: "Start no more upgrades, for good.",
        RolloutCommand.RETRY: "Upgrade the failed and cancelled instances again"
        f" ({number_needed(RolloutCommand.RETRY, counts)}).",
        RolloutCommand.UNDO: "Let the replaced app servers serve again.",
    }
    return {
        f"ocim rollout {command} {rollout.pk}": does[command]
        for command in possible_commands(rollout.state, counts)
    }


def _arguments(rollout: Rollout) -> dict[str, Any]:
    resolved = {
        **rollout.arguments,
        "update": rollout.update,
        "preupgrade_sql_commands": rollout.sql,
    }
    return {name: shown(name, value) for name, value in resolved.items() if value}
