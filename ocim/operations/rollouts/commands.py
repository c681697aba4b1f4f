"""Commands of people to a rollout, by their names."""

from collections.abc import Callable
from functools import partial

from ocim.core.actions import Action
from ocim.core.rollout_commands import RolloutCommand
from ocim.operations.rollouts import control, undo
from ocim.store.models import Rollout


def give(
    command: RolloutCommand, rollout: Rollout, *, by: str, cause: str = "", now: bool = False
) -> list[Action]:
    """Give a rollout a command. `cause` is for `retry`, `now` for `abort`.

    Raise Conflict if the command is not possible in the rollout's state.
    """
    givers: dict[RolloutCommand, Callable[..., list[Action]]] = {
        RolloutCommand.PAUSE: control.pause,
        RolloutCommand.RESUME: control.resume,
        RolloutCommand.ABORT: partial(control.abort, now=now),
        RolloutCommand.RETRY: partial(control.retry, cause=cause),
        RolloutCommand.UNDO: undo.request,
    }
    return givers[command](rollout, by=by)
