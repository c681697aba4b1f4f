"""The record of a rollout as lines of text."""

from collections.abc import Iterable, Iterator

from ocim.core.states import RolloutState, StepState, UpgradeState
from ocim.core.texts import duration
from ocim.operations.rollouts.record import DryRun, Dump, Line, Report, Step
from ocim.presentation.page import variables
from ocim.presentation.texts import StyledLine, changes, clock, effects, in_short, size

BAD = (UpgradeState.FAILED, UpgradeState.CANCELLED)


def report_lines(report: Report) -> Iterator[StyledLine]:
    """Yield who did what and when, every instance, the causes of failures, and how to go on."""
    title = f"Rollout {report.id} ({report.tag}) is {report.state}. {report.reason}"
    yield title.rstrip(), "bold"
    by = f" by {report.started_by}" if report.started_by else ""
    ended = f", ended {clock(report.ended_at)} UTC" if report.ended_at else ""
    if report.state == RolloutState.SCHEDULED:
        yield f"Scheduled{by}: begins {clock(report.begun_at)} UTC", ""
    else:
        yield f"Started {clock(report.begun_at)} UTC{by}{ended}, {duration(report.seconds)}", ""
    for name, value in report.arguments.items():
        yield f"  {name}: {value}", ""
    yield ", ".join(f"{count} {state}" for state, count in report.counts.items()), ""
    for failures in report.sql_failures:
        yield f"SQL: {failures}", "yellow"
    for event in report.history:
        by = f" by {event.by}" if event.by else ""
        yield f"  {clock(event.at)} {event.kind}{by} {event.reason}".rstrip(), ""
    for line in report.instances:
        yield from _instance(line)
    for labels, lines in variables(report):
        yield f"Variables that change in {labels}:", ""
        for text in lines:
            yield f"      {text}", ""
    yield from cause_lines(report)
    for command, does in report.commands.items():
        yield f"{command}   {does}", ""


def cause_lines(report: Report) -> Iterator[StyledLine]:
    """Yield each cause of failures, with the command that retries its instances."""
    if report.causes:
        yield report.causes_in_words, "bold"
    for cause in report.causes:
        yield f"  {len(cause.instances)} of {report.failures}: {cause.cause}", "red"
        yield f"      {cause.retry}", ""


def backup_lines(backups: Iterable[Dump], *, indent: str = "  ") -> Iterator[StyledLine]:
    """Yield each backup with its size, the time it took, and its file."""
    for dump in backups:
        took = f"{size(dump.size)} in {dump.seconds:.1f} s"
        made = f"{clock(dump.made_at)} UTC, {dump.path}"
        yield f"{indent}Backup of {dump.purpose}: {took}, {made}", ""


def _dry_run(dry_run: DryRun) -> Iterator[StyledLine]:
    yield f"      Dry run of migrations: {in_short(dry_run)}", ""
    for migration in dry_run.migrations:
        seconds = migration.seconds
        took = "not applied" if seconds is None else f"{seconds:.2f} s"
        style = "yellow" if migration.drops else ""
        yield f"        {migration.service} {migration.name} {took}", style
        for effect in effects(migration):
            yield f"          {effect}", style


def _instance(line: Line) -> Iterator[StyledLine]:
    took = f", {duration(line.seconds)}" if line.seconds is not None else ""
    attempt = f", attempt {line.attempts}" if line.attempts > 1 else ""
    step = f" at {line.step}" if line.step and line.step != "done" else ""
    held = f", held: {line.held}" if line.held else ""
    text = f"  {line.state}{step}{held}: {line.label} (wave {line.wave}{attempt}{took})"
    yield text, "red" if line.state in BAD else ""
    for change in changes(line.before, line.after):
        yield f"      {change}", ""
    if line.steps:
        yield f"      {', '.join(map(_step, line.steps))}", ""
    for text in line.failure.splitlines():
        yield f"      {text}", ""
    if line.preview:
        yield from _dry_run(line.preview)
    yield from backup_lines(line.backups, indent="      ")
    for run in line.sql:
        texts = filter(None, (run.statement, run.error, run.note))
        yield f"      SQL {run.state}: {' '.join(texts)}", ""


def _step(step: Step) -> str:
    state = "" if step.state == StepState.DONE else f"{step.state} "
    return f"{step.name} {state}{duration(step.seconds)}".rstrip()
