"""The record of a rollout as lines for people."""

from collections.abc import Iterable

from ocim.console.output import Output
from ocim.core.states import StepState, UpgradeState
from ocim.core.texts import duration
from ocim.operations.rollouts.record import DryRun, Dump, Line, Report, Step
from ocim.presentation.words import changes, clock, effects, in_short, size, whom

BAD = (UpgradeState.FAILED, UpgradeState.CANCELLED)


def tell(report: Report, out: Output) -> None:
    """Who, when and what; every instance; the causes of failures; how to go on."""
    out.say(f"Rollout {report.id} ({report.tag}) is {report.state}. {report.reason}".rstrip(),
            style="bold")  # fmt: skip
    by = f" by {report.started_by}" if report.started_by else ""
    ended = f", ended {clock(report.ended_at)} UTC" if report.ended_at else ""
    took = duration(report.seconds)
    out.say(f"Begun {clock(report.begun_at)} UTC{by}{ended}, {took}")
    for name, value in report.arguments.items():
        out.say(f"  {name}: {value}")
    out.say(", ".join(f"{count} {state}" for state, count in report.counts.items()))
    for failures in report.sql_failures:
        out.say(f"SQL: {failures}", style="yellow")
    for one in report.history:
        by = f" by {one.by}" if one.by else ""
        out.say(f"  {clock(one.at)} {one.kind}{by} {one.reason}".rstrip())
    for line in report.instances:
        _tell_instance(line, out)
    for labels, lines in report.variables:
        if lines:
            out.say(f"Variables that change in {whom(labels, len(report.instances))}:")
        for text in lines:
            out.say(f"      {text}")
    tell_causes(report, out)
    for command, does in report.commands.items():
        out.say(f"{command}   {does}")


def tell_causes(report: Report, out: Output) -> None:
    """Each cause with the command that tries its instances again."""
    if report.causes:
        out.say(report.causes_in_words, style="bold")
    for one in report.causes:
        out.say(f"  {len(one.instances)} of {report.failures}: {one.cause}", style="red")
        out.say(f"      {one.retry}")


def tell_backups(backups: Iterable[Dump], out: Output, *, indent: str = "  ") -> None:
    """Each with its size, how long it took, and where it is."""
    for one in backups:
        took = f"{size(one.size)} in {one.seconds:.1f} s"
        out.say(f"{indent}Backup of {one.purpose}: {took}, {clock(one.made_at)} UTC, {one.path}")


def _tell_dry_run(dry_run: DryRun, out: Output) -> None:
    out.say(f"      Dry run of migrations: {in_short(dry_run)}")
    for one in dry_run.migrations:
        took = f" {one.seconds:.2f} s" if one.seconds is not None else " not applied"
        out.say(f"        {one.service} {one.name}{took}", style="yellow" if one.drops else "")
        for does in effects(one):
            out.say(f"          {does}", style="yellow" if one.drops else "")


def _result(step: Step) -> str:
    state = "" if step.state == StepState.DONE else f"{step.state} "
    return f"{state}{duration(step.seconds)}"


def _tell_instance(line: Line, out: Output) -> None:
    took = f", {duration(line.seconds)}" if line.seconds is not None else ""
    tried = f", attempt {line.attempts}" if line.attempts > 1 else ""
    at = f" at {line.step}" if line.step and line.step != "done" else ""
    held = f", held: {line.held}" if line.held else ""
    out.say(f"  {line.state}{at}{held}: {line.label} (wave {line.wave}{tried}{took})",
            style="red" if line.state in BAD else "")  # fmt: skip
    for change in changes(line.before, line.after):
        out.say(f"      {change}")
    if line.steps:
        steps = ", ".join(f"{one.name} {_result(one)}".rstrip() for one in line.steps)
        out.say(f"      {steps}")
    if line.failure:
        out.say("\n".join(f"      {text}" for text in line.failure.splitlines()))
    if line.preview:
        _tell_dry_run(line.preview, out)
    tell_backups(line.backups, out, indent="      ")
    for run in line.sql:
        told = " ".join(filter(None, (run.statement, run.error, run.note)))
        out.say(f"      SQL {run.state}: {told}")
