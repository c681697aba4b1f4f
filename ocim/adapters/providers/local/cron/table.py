"""Crontabs: read what crontab(5) allows in a user's table, and tell which jobs are due."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

MINUTE = timedelta(minutes=1)
AT_REBOOT = "@reboot"
SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
NAME = re.compile(r"#Ansible:\s*(?P<name>.*\S)")
SETTING = re.compile(r"""(?P<quote>["']?)(?P<name>\w+)(?P=quote)\s*=\s*(?P<value>.*)""")
ENTRY = re.compile(r"(?P<schedule>@\w+|\S+(?:\s+\S+){4})\s+(?P<command>.*\S)")
PERCENT = re.compile(r"(?<!\\)%")


@dataclass(frozen=True, slots=True)
class Job:
    """A line of a crontab."""

    schedule: str
    """Five fields, or `@reboot`."""
    command: str
    stdin: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that lines above it set, in addition to the daemon's own environment."""
    name: str = ""
    """Name from Ansible's comment on the line before; empty if there is none."""

    def is_due(self, minute: datetime) -> bool:
        """Return True if the job starts in the minute that begins at `minute`, in local time."""
        if self.schedule == AT_REBOOT:
            return False
        minute = minute.replace(second=0, microsecond=0, tzinfo=None)
        return next(CronSim(self.schedule, minute - MINUTE), None) == minute


def parse(text: str) -> tuple[list[Job], list[str]]:
    """Return the jobs of a crontab, and a description of each invalid line."""
    jobs: list[Job] = []
    faults: list[str] = []
    environment: dict[str, str] = {}
    name = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            comment = NAME.fullmatch(stripped)
            name = comment["name"] if comment else ""
        elif setting := SETTING.fullmatch(stripped):
            environment[setting["name"]] = _unquoted(setting["value"])
        else:
            try:
                jobs.append(_job(stripped, environment=dict(environment), name=name))
            except ValueError as error:
                faults.append(f"line {number}: {error}: {stripped}")
            name = ""
    return jobs, faults


def _job(line: str, *, environment: Mapping[str, str], name: str) -> Job:
    entry = ENTRY.fullmatch(line)
    if entry is None:
        raise ValueError("expected five fields of time and a command")
    schedule = SHORTHANDS.get(entry["schedule"], entry["schedule"])
    if schedule != AT_REBOOT:
        try:
            CronSim(schedule, datetime(2000, 1, 1))  # noqa: DTZ001 - only validates
        except CronSimError as error:
            raise ValueError(str(error)) from error
    # An unescaped % ends the command; the rest is its standard input, in which % ends a line.
    command, *stdin = (part.replace(r"\%", "%") for part in PERCENT.split(entry["command"]))
    return Job(schedule, command, "\n".join([*stdin, ""]) if stdin else "", environment, name)


def _unquoted(value: str) -> str:
    quoted = re.fullmatch(r"""(["'])(.*)\1""", value)
    return quoted[2] if quoted else value
