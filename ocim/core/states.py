"""States and their transitions, as data."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from ocim.core.errors import Conflict


class InstanceState(StrEnum):
    """The state of an instance, as its app servers make it."""

    ON_THE_WEB = "on the web"
    UPGRADING = "upgrading"
    STARTING = "starting"
    FAILED = "failed"
    DOWN = "down"
    ARCHIVED = "archived"


class AppServerState(StrEnum):
    """The life of an app server, from the request to its end."""

    NEW = "new"
    WAITING_FOR_HOST = "waiting-for-host"
    PROVISIONING = "provisioning"
    CHECKING = "checking"
    RUNNING = "running"
    FAILED = "failed"
    TERMINATED = "terminated"


class ServerState(StrEnum):
    """The life of a host."""

    REQUESTED = "requested"
    UP = "up"
    GONE = "gone"


class JobState(StrEnum):
    """The life of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RolloutState(StrEnum):
    """The life of a rollout."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    ABORTED = "aborted"
    ENDED = "ended"


class UpgradeState(StrEnum):
    """The life of one instance's upgrade in a rollout."""

    PENDING = "pending"
    RUNNING = "in progress"
    SUCCEEDED = "successful"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDONE = "undone"


class StepState(StrEnum):
    """The life of a step of an instance's upgrade."""

    RUNNING = "under way"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class RolloutEventKind(StrEnum):
    """Kinds of events in the history of a rollout."""

    SCHEDULED = "scheduled"
    STARTED = "begun"
    PAUSED = "paused"
    STOPPED = "stopped"
    """Pause by the rollout itself: too many instances failed, or a wave waits for approval."""
    RESUMED = "resumed"
    ABORTED = "aborted"
    RETRIED = "retried"
    UNDONE = "undone"
    NOT_UNDONE = "not undone"
    ENDED = "ended"


NOTICED = frozenset(
    {
        RolloutEventKind.STARTED,
        RolloutEventKind.PAUSED,
        RolloutEventKind.STOPPED,
        RolloutEventKind.ENDED,
    }
)
"""Kinds of events of which people get a notice."""


class AppServerEventKind(StrEnum):
    """Kinds of events of an active app server that nobody asked for."""

    RESTARTING = "is restarted"
    """Restart of its host, because it does not answer."""
    RECOVERED = "answers again"
    REPLACED = "is replaced by its fallback"
    NOT_RECOVERED = "does not answer"
    """Failure of that restart, without a fallback that takes over."""
    LEFT_ALONE = "is not restarted any more"
    """End of the restarts, because an hour's limit is reached."""
    UNWELL = "answers that it is not well"
    """Answer with an error. A restart is not known to help, so nothing is done."""


class DryRunState(StrEnum):
    """The life of a dry run of migrations on copies of an instance's databases."""

    RUNNING = "under way"
    DONE = "done"
    FAILED = "failed"
    NOT_POSSIBLE = "not possible"


class SqlState(StrEnum):
    """The life of one statement that is run before an upgrade, at most once."""

    INTENDED = "intended"
    OPEN = "open"
    """The statement ran in a transaction of the operator's that is not committed yet."""
    DONE = "done"
    ROLLED_BACK = "rolled back"
    """The statement ran, and a later one of the operator's rolled it back."""
    FAILED = "failed"


State = TypeVar("State", bound=StrEnum)
Transitions = Mapping[State, frozenset[State]]

_A = AppServerState
# Interrupted work restarts at the host, hence the transitions back to it.
APP_SERVER_TRANSITIONS: Transitions[AppServerState] = {
    _A.NEW: frozenset({_A.WAITING_FOR_HOST, _A.FAILED, _A.TERMINATED}),
    _A.WAITING_FOR_HOST: frozenset(
        {_A.WAITING_FOR_HOST, _A.PROVISIONING, _A.FAILED, _A.TERMINATED}
    ),
    _A.PROVISIONING: frozenset({_A.WAITING_FOR_HOST, _A.CHECKING, _A.FAILED, _A.TERMINATED}),
    _A.CHECKING: frozenset({_A.WAITING_FOR_HOST, _A.RUNNING, _A.FAILED, _A.TERMINATED}),
    _A.RUNNING: frozenset({_A.TERMINATED}),
    _A.FAILED: frozenset({_A.TERMINATED}),
    _A.TERMINATED: frozenset(),
}

UNFINISHED = frozenset({_A.NEW, _A.WAITING_FOR_HOST, _A.PROVISIONING, _A.CHECKING})

_S = ServerState
SERVER_TRANSITIONS: Transitions[ServerState] = {
    _S.REQUESTED: frozenset({_S.UP, _S.GONE}),
    _S.UP: frozenset({_S.UP, _S.GONE}),
    _S.GONE: frozenset(),
}

_J = JobState
JOB_TRANSITIONS: Transitions[JobState] = {
    _J.WAITING: frozenset({_J.RUNNING, _J.FAILED}),
    _J.RUNNING: frozenset({_J.WAITING, _J.DONE, _J.FAILED}),
    _J.DONE: frozenset(),
    _J.FAILED: frozenset(),
}

_R = RolloutState
ROLLOUT_TRANSITIONS: Transitions[RolloutState] = {
    _R.SCHEDULED: frozenset({_R.RUNNING, _R.ABORTED, _R.ENDED}),
    _R.RUNNING: frozenset({_R.PAUSED, _R.ABORTED, _R.ENDED}),
    _R.PAUSED: frozenset({_R.RUNNING, _R.ABORTED, _R.ENDED}),  # with what was under way
    _R.ABORTED: frozenset({_R.ENDED}),
    _R.ENDED: frozenset({_R.RUNNING}),  # retry, undo
}

_U = UpgradeState
UPGRADE_TRANSITIONS: Transitions[UpgradeState] = {
    _U.PENDING: frozenset({_U.RUNNING, _U.CANCELLED}),
    _U.RUNNING: frozenset({_U.PENDING, _U.SUCCEEDED, _U.FAILED, _U.CANCELLED}),
    _U.SUCCEEDED: frozenset({_U.UNDONE}),
    _U.FAILED: frozenset({_U.PENDING}),
    _U.CANCELLED: frozenset({_U.PENDING}),
    _U.UNDONE: frozenset(),
}


def may_become(state: State, transitions: Transitions[State]) -> frozenset[State]:
    """Return the states from which one transition leads to `state`."""
    return frozenset(old for old, following in transitions.items() if state in following)


def require_transition(old: State, new: State, transitions: Transitions[State]) -> None:
    """Raise Conflict unless `new` may follow `old`."""
    if new not in transitions[old]:
        raise Conflict(f'Cannot change state from "{old}" to "{new}".')
