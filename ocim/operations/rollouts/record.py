"""The record of a rollout as plain values, without secrets.

The fields' names are the keys of the record as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ocim.core.migrations import Migration
from ocim.core.texts import plural
from ocim.operations.rollouts.variables import Change


@dataclass(frozen=True, slots=True)
class Statement:
    """A SQL statement that ran on one instance's database."""

    statement: str
    state: str
    rows: int | None
    seconds: float | None
    error: str
    note: str
    """A remark on how it ran."""


@dataclass(frozen=True, slots=True)
class SqlFailures:
    """The number of SQL statements that failed on one instance."""

    instance: str
    failed: int
    statements: int

    def __str__(self) -> str:
        return f"{self.failed} of {plural(self.statements, 'statement')} failed on {self.instance}"


@dataclass(frozen=True, slots=True)
class Dump:
    """A backup of a database, from before the upgrade."""

    purpose: str
    """Purpose of the database, as edxapp."""
    path: str
    size: int
    """Size in bytes."""
    seconds: float
    made_at: datetime


@dataclass(frozen=True, slots=True)
class DryRun:
    """The result of a dry run of migrations on copies of an instance's databases."""

    state: str
    reason: str
    """Reason why it was not possible or failed."""
    of: str
    """Label of the instance of the same kind that had the dry run instead. Empty: this one."""
    migrations: Sequence[Migration]
    blind: Sequence[str]
    """Services whose version of Django does not tell beforehand what migrations do."""
    copied: int
    """Size of the copied databases in bytes."""
    copy_seconds: float | None
    seconds: float | None
    """Seconds of the whole dry run."""

    @property
    def dangers(self) -> Sequence[Migration]:
        """Migrations that drop or lock what the running release uses, or may do so."""
        return [
            migration
            for migration in self.migrations
            if migration.drops or migration.locks or migration.unclear
        ]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of one instance's upgrade."""

    name: str
    attempt: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None
    """Seconds it took, or has taken so far."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the rollout as a whole."""

    at: datetime
    kind: str
    by: str
    """The person who caused it. Empty: the rollout itself."""
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """The upgrade of one instance."""

    id: int | None
    """Id of the instance. None: it was deleted."""
    label: str
    state: str
    wave: int
    """Number of the wave, from 1 on."""
    step: str
    attempts: int
    before: Mapping[str, Any]
    """Fields that change, with their old values."""
    after: Mapping[str, Any]
    """Fields that change, with their new values."""
    variables: Sequence[Change]
    """Planned differences between the new app servers' variables and the old ones'."""
    replaced: Sequence[int]
    """Ids of the app servers that served before."""
    appservers: Sequence[int]
    """Ids of the last attempt's app servers."""
    failure: str
    cause: str
    started_at: datetime | None
    """Start of the last attempt."""
    ended_at: datetime | None
    seconds: float | None
    """Seconds that the last attempt took, or has taken so far."""
    preview: DryRun | None
    """Dry run of migrations. None: it has not had one yet."""
    backups: Sequence[Dump]
    sql: Sequence[Statement]
    held: str
    """The hold that keeps it from starting. Empty: none."""
    steps: Sequence[Step]
    """Steps of all attempts, in their order."""
    log: Sequence[str]
    """The last lines of its app servers' logs, if it failed."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of failures, by their signature."""

    cause: str
    instances: Sequence[str]
    retry: str
    """Command that retries just these instances."""


@dataclass(frozen=True, slots=True)
class Report:
    """A rollout as it stands at `made_at`."""

    id: int
    tag: str
    state: str
    reason: str
    started_by: str
    begun_at: datetime
    """Time at which it began or, if it is scheduled, begins."""
    ended_at: datetime | None
    seconds: float
    made_at: datetime
    queue: str
    plan_hash: str
    arguments: Mapping[str, Any]
    """Options of the request, with documents instead of the names of their files."""
    counts: Mapping[str, int]
    """Number of instances by state; only states that occur."""
    history: Sequence[Event]
    instances: Sequence[Line]
    failures: int
    causes: Sequence[Cause]
    """Causes of failures, most frequent first."""
    sql_failures: Sequence[SqlFailures]
    """Instances with SQL statements that failed."""
    seconds_left: float | None
    """Estimate of the seconds until the end. None: unknown, or nothing to wait for."""
    commands: Mapping[str, str]
    """Command lines that are possible now, each with what it does."""

    def of(self, instances: Sequence[Line]) -> "Report":
        """Return a copy of the report that lists only these instances; its counts are of all."""
        return replace(self, instances=instances)

    @property
    def causes_in_words(self) -> str:
        """Text as `38 failures, 2 causes`. Empty if no instance failed."""
        causes = len(self.causes)
        return f"{plural(self.failures, 'failure')}, {plural(causes, 'cause')}" if causes else ""
