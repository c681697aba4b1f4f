"""`ocim services verify`: the checks of a verification, printed as they end."""

from ocim.console.command import Error
from ocim.console.output import Output
from ocim.console.progress import wait_for
from ocim.core.verification import Line, Outcome, Report
from ocim.operations import jobs
from ocim.operations.shop import verification
from ocim.store.models import OpenEdXInstance
from ocim.tasks import enqueue
from ocim.wiring import queue_name

STYLES = {Outcome.OK: "green", Outcome.FAILED: "red", Outcome.SKIPPED: "yellow"}


def run(instance: OpenEdXInstance, *, purchase: bool, wait: bool, out: Output) -> None:
    """Verify the app server that serves the instance, as a job.

    Raise Error (status 1) if a check failed, and Conflict if no app server serves the instance.
    """
    job = verification.request(instance, purchase=purchase, queue=queue_name())
    enqueue([jobs.wake_up(job)])
    if not wait:
        out.say("Requested.")
        return
    report = Report(())

    def print_new_lines() -> None:
        nonlocal report
        job.refresh_from_db()
        if record := verification.record_of(job):
            lines = tuple(Line.from_dict(line) for line in record.lines)
            # A job that another worker took up begins with the first check again.
            printed = len(report.lines) if lines[: len(report.lines)] == report.lines else 0
            for line in lines[printed:]:
                _tell(line, out)
            report = Report(lines)

    wait_for(job, out, lambda _show: print_new_lines())
    if out.as_json:
        out.data({"ok": report.ok, "lines": [line.as_dict() for line in report.lines]})
    if not report.ok:
        raise Error(f"Failed checks: {len(report.failures)} of {len(report.lines)}.")


def _tell(line: Line, out: Output) -> None:
    status = f" {line.status}" if line.status is not None else ""
    out.say(f"{line.outcome.value:<8}{line.name}: {line.compared}", style=STYLES[line.outcome])
    if line.url:
        out.say(f"        {line.url}{status}", style="dim")
    if line.remedy:
        out.say(f"        → {line.remedy}")
