"""Discovery's hourly job on an app server: where it may stand, and what its runs leave behind."""

import re
from dataclasses import dataclass

from ocim.catalog.variables.discovery import REFRESH

LOG = "/edx/var/log/discovery/refresh_course_metadata.log"
"""Kept by the built-in playbooks' job; upstream's writes none."""
_BEGINS = re.compile(r"^(\S+Z) begins$", re.MULTILINE)
_ENDED = re.compile(r"^status (\d+)$", re.MULTILINE)
_MARK = "OCIM-CRON: "


@dataclass(frozen=True, slots=True)
class Job:
    """What was found of it."""

    entry: str
    """Its line in a crontab; empty where there is none."""
    log: str
    """The end of its log; empty where there is none."""
    syslog: str
    """The last time that cron says it started it; empty where cron says nothing."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """How it went; the status is None where that is not known, or it is not over."""

    begun: str
    status: int | None
    reason: str


# Of the host as root; a `local` host is below a directory, which its environment names.
LOOK = f"""
{{ crontab -l -u discovery; crontab -l -u root; cat "$OCIM_HOST_ROOT"/etc/cron.d/*; }} 2>/dev/null |
    grep {REFRESH} | grep -v '^ *#' | head -n 1 | sed 's/^/{_MARK}entry /'
tail -n 60 "$OCIM_HOST_ROOT"{LOG} 2>/dev/null | sed 's/^/{_MARK}log /'
{{ cat "$OCIM_HOST_ROOT"/var/log/syslog || journalctl --no-pager -t CRON; }} 2>/dev/null |
    grep CRON | grep {REFRESH} | tail -n 1 | sed 's/^/{_MARK}syslog /'
"""


def read(output: str) -> Job:
    """What LOOK printed."""
    kept: dict[str, list[str]] = {"entry": [], "log": [], "syslog": []}
    for line in output.splitlines():
        kind, _, text = line.removeprefix(_MARK).partition(" ")
        if line.startswith(_MARK) and kind in kept:
            kept[kind].append(text)
    entry, log, syslog = ("\n".join(kept[kind]) for kind in ("entry", "log", "syslog"))
    return Job(entry, log, syslog)


def last_run(job: Job) -> LastRun | None:
    """The last one that anything is known of; None where nothing is known of any."""
    begun = list(_BEGINS.finditer(job.log))
    if begun:
        said = job.log[begun[-1].end() :]
        ended = _ENDED.search(said)
        lines = (said[: ended.start()] if ended else said).strip().splitlines()
        reason = lines[-1] if lines else ""
        return LastRun(begun[-1][1], int(ended[1]) if ended else None, reason)
    if job.syslog:
        return LastRun(" ".join(job.syslog.split()[:3]), None, "")
    return None
