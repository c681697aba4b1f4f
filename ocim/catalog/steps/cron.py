"""Discovery's hourly cron job on an app server: where to find it, and traces of its runs."""

import re
from dataclasses import dataclass

from ocim.catalog.discovery_job import REFRESH
from ocim.catalog.variables.discovery import LOG

_LIMIT = "Sanity check failed"
"""Words of `update_index` when it stops at its limit, which leaves the alias where it was."""
_BEGINS = re.compile(r"^(\S+Z) begins$", re.MULTILINE)
_ENDED = re.compile(r"^status (\d+)$", re.MULTILINE)
PREFIX = "OCIM-CRON: "
"""Beginning of each line that `SCRIPT` prints."""


@dataclass(frozen=True, slots=True)
class Job:
    """Traces of the cron job on an app server."""

    entry: str
    """Line in a crontab; empty if there is none."""
    log: str
    """Line with the start of its last run, and the end of its log; empty if there is none."""
    syslog: str
    """Last line of the system's log about a start of the job; empty if there is none."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """Last run of the cron job."""

    started: str
    """Date and time of its start, as the log has them."""
    status: int | None
    """Exit status; None: unknown, or the run has not ended."""
    reason: str
    """Last line of its output."""
    at_limit: bool = False
    """True if `update_index` stopped, as the number of documents changed by a tenth or more."""


SCRIPT = f"""
{{ crontab -l -u discovery; crontab -l -u root; cat "$OCIM_HOST_ROOT"/etc/cron.d/*; }} 2>/dev/null |
    grep {REFRESH} | grep -v '^ *#' | head -n 1 | sed 's/^/{PREFIX}entry /'
log="$OCIM_HOST_ROOT"{LOG}
{{ grep ' begins$' "$log" | tail -n 1; tail -n 60 "$log"; }} 2>/dev/null | sed 's/^/{PREFIX}log /'
{{ cat "$OCIM_HOST_ROOT"/var/log/syslog || journalctl --no-pager -t CRON; }} 2>/dev/null |
    grep CRON | grep {REFRESH} | tail -n 1 | sed 's/^/{PREFIX}syslog /'
"""
"""Shell script for root that prints the traces; $OCIM_HOST_ROOT is the root of a `local` host."""


def read(output: str) -> Job:
    """Read the output of `SCRIPT`."""
    lines: dict[str, list[str]] = {"entry": [], "log": [], "syslog": []}
    for line in output.splitlines():
        kind, _, text = line.removeprefix(PREFIX).partition(" ")
        if line.startswith(PREFIX) and kind in lines:
            lines[kind].append(text)
    entry, log, syslog = ("\n".join(lines[kind]) for kind in ("entry", "log", "syslog"))
    return Job(entry, log, syslog)


def last_run(job: Job) -> LastRun | None:
    """Return the last run that left a trace; None if there is none."""
    starts = list(_BEGINS.finditer(job.log))
    if starts:
        output = job.log[starts[-1].end() :]
        end = _ENDED.search(output)
        lines = (output[: end.start()] if end else output).strip().splitlines()
        reason = lines[-1] if lines else ""
        status = int(end[1]) if end else None
        return LastRun(starts[-1][1], status, reason, _LIMIT in output)
    if job.syslog:
        return LastRun(" ".join(job.syslog.split()[:3]), None, "")
    return None
