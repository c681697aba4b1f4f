"""The states of servers and app servers, and which may follow which, as data."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from ocim.core.errors import Conflict


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

    RUNNING = "running"
    PAUSED = "paused"
    ABORTED = "aborted"
    ENDED = "ended"


class UpgradeState(StrEnum):
    """The life of one instance's part in it."""

    PENDING = "pending"
    RUNNING = "in progress"
    SUCCEEDED = "successful"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDONE = "undone"


class StepState(StrEnum):
    """What became of a step of an instance's upgrade."""

    RUNNING = "under way"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class RolloutEventKind(StrEnum):
    """What the history of a rollout tells."""

    STARTED = "begun"
    PAUSED = "paused"
    STOPPED = "stopped"
    """By itself: too much failed, or a person has to say that it may go on."""
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
"""What people are sent a notice of."""


class AppServerEventKind(StrEnum):
    """Something that happened to an active app server, or was done about it, by itself."""

    RESTARTING = "is restarted"
    """It does not answer, and its host is started again."""
    RECOVERED = "answers again"
    REPLACED = "is replaced by its fallback"
    NOT_RECOVERED = "does not answer"
    """Starting its host again did not help, and no fallback took over."""
    LEFT_ALONE = "is not restarted any more"
    """It was restarted as often as an hour allows."""
    UNWELL = "answers that it is not well"
    """Nothing is done about it: a restart is not known to help."""


class DryRunState(StrEnum):
    """What became of the dry run of a release's migrations on copies of an instance's databases."""

    RUNNING = "under way"
    DONE = "done"
    FAILED = "failed"
    NOT_POSSIBLE = "not possible"


class SqlState(StrEnum):
    """The life of one statement that is run before an upgrade, at most once."""

    INTENDED = "intended"
    OPEN = "open"
    """It ran, in a transaction of the operator's that is not committed yet."""
    DONE = "done"
    ROLLED_BACK = "rolled back"
    """It ran, and a later statement took it back, as the operator wrote it."""
    FAILED = "failed"


State = TypeVar("State", bound=StrEnum)
Transitions = Mapping[State, frozenset[State]]

_A = AppServerState
# Work that was interrupted is taken up again from the host on, hence the ways back to it.
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
    """The states from which `state` may be reached in one step."""
    return frozenset(old for old, following in transitions.items() if state in following)


def require_transition(old: State, new: State, transitions: Transitions[State]) -> None:
    """Raise Conflict unless `new` may follow `old`."""
    if new not in transitions[old]:
        raise Conflict(f"What is {old} cannot become {new}.")
