"""Commands that people give to a rollout, and the states in which each is possible."""

from collections.abc import Mapping
from enum import StrEnum

from ocim.core.errors import Conflict
from ocim.core.states import RolloutState, UpgradeState


class RolloutCommand(StrEnum):
    """A command that may be given to a rollout, as `ocim rollout` and the pages call it."""

    WATCH = "watch"
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    RETRY = "retry"
    UNDO = "undo"


_C = RolloutCommand
POSSIBLE: Mapping[RolloutState, frozenset[RolloutCommand]] = {
    RolloutState.SCHEDULED: frozenset({_C.WATCH, _C.ABORT}),
    RolloutState.RUNNING: frozenset({_C.WATCH, _C.PAUSE, _C.ABORT, _C.RETRY}),
    RolloutState.PAUSED: frozenset({_C.RESUME, _C.ABORT, _C.RETRY}),
    RolloutState.ABORTED: frozenset(),  # until its last upgrade has ended
    RolloutState.ENDED: frozenset({_C.RETRY, _C.UNDO}),
}
"""Commands that are possible in each state of a rollout."""
NEEDED: Mapping[RolloutCommand, tuple[UpgradeState, ...]] = {
    _C.RETRY: (UpgradeState.FAILED, UpgradeState.CANCELLED),
    _C.UNDO: (UpgradeState.SUCCEEDED,),
}
"""States of upgrades of which a command needs at least one."""


def possible_commands(
    state: RolloutState | str, counts: Mapping[str, int]
) -> tuple[RolloutCommand, ...]:
    """Return the commands that are possible now; `counts` has the number of upgrades by state."""
    return tuple(
        command
        for command in RolloutCommand
        if command in POSSIBLE[RolloutState(state)]
        and (command not in NEEDED or number_needed(command, counts))
    )


def number_needed(command: RolloutCommand, counts: Mapping[str, int]) -> int:
    """Return the number of upgrades that a command is for."""
    return sum(counts.get(state, 0) for state in NEEDED.get(command, tuple(UpgradeState)))


def require_possible(command: RolloutCommand, rollout: object, state: RolloutState | str) -> None:
    """Raise Conflict unless the command is possible in the rollout's state."""
    if command in POSSIBLE[RolloutState(state)]:
        return
    states = [state for state, commands in POSSIBLE.items() if command in commands]
    raise Conflict(
        f"Cannot {command} {rollout}: it is {state}.",
        remedy=f"It must be {' or '.join(states)}.",
    )
