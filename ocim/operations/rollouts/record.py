"""What is told of a rollout: plain values, nothing secret among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ocim.core.migrations import Migration
from ocim.core.texts import plural
from ocim.operations.rollouts.variables import Change, together


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was run on one instance's database."""

    statement: str
    state: str
    rows: int | None
    seconds: float | None
    error: str
    note: str
    """What else is to be known of it."""


@dataclass(frozen=True, slots=True)
class SqlFailures:
    """How much of the SQL failed on one instance."""

    instance: str
    failed: int
    statements: int

    def __str__(self) -> str:
        return f"{self.failed} of {plural(self.statements, 'statement')} failed on {self.instance}"


@dataclass(frozen=True, slots=True)
class Dump:
    """A database as it was before the upgrade."""

    purpose: str
    """What the database is for: edxapp, …"""
    path: str
    size: int
    """In bytes."""
    seconds: float
    made_at: datetime


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the new release's migrations did to copies of an instance's databases."""

    state: str
    reason: str
    """Why it was not possible, or failed."""
    of: str
    """Whose databases these were, where it was another instance like it; then this is all."""
    migrations: Sequence[Migration]
    blind: Sequence[str]
    """Services whose Django does not say beforehand what migrations do."""
    copied: int
    """Bytes of databases."""
    copy_seconds: float | None
    seconds: float | None
    """All in all."""

    @property
    def dangers(self) -> Sequence[Migration]:
        """Those that drop or lock what the running release uses, or may do so."""
        return [one for one in self.migrations if one.drops or one.locks or one.unclear]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done for one instance."""

    name: str
    attempt: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None
    """So far, where it is under way."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the rollout as a whole."""

    at: datetime
    kind: str
    by: str
    """Who did it; nobody, where it did it by itself."""
    reason: str


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
    preview: DryRun | None
    """None where it has not come to that."""
    backups: Sequence[Dump]
    sql: Sequence[Statement]
    held: str
    """Why it is not started for now."""
    steps: Sequence[Step]
    """Of all attempts, in their order."""
    log: Sequence[str]
    """Where it failed: the last lines of its app servers' logs."""


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
    started_by: str
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
    history: Sequence[Event]
    instances: Sequence[Line]
    failures: int
    causes: Sequence[Cause]
    """The most frequent first."""
    sql_failures: Sequence[SqlFailures]
    """Of instances with statements that failed."""
    seconds_left: float | None
    """About; None where there is nothing to go by, or nothing to wait for."""
    commands: Mapping[str, str]
    """What may be done next, and what that does."""

    def of(self, instances: Sequence[Line]) -> "Report":
        """The same with just these instances told of one by one; all are counted."""
        return replace(self, instances=instances)

    @property
    def variables(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Labels of instances, and the changes of variables that just these have in common."""
        return together({line.label: line.variables for line in self.instances})

    @property
    def causes_in_words(self) -> str:
        """`38 failures, 2 causes`; nothing where none failed."""
        causes = len(self.causes)
        return f"{plural(self.failures, 'failure')}, {plural(causes, 'cause')}" if causes else ""
