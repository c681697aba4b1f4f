"""The table of commands that each state of a rollout allows."""

from collections.abc import Mapping
from itertools import product

import pytest

from ocim.core.errors import Conflict
from ocim.core.rollout_commands import (
    POSSIBLE,
    RolloutCommand,
    possible_commands,
    require_possible,
)
from ocim.core.states import ROLLOUT_TRANSITIONS, RolloutState, UpgradeState

_C = RolloutCommand
LEADS_TO: Mapping[RolloutCommand, RolloutState] = {
    _C.PAUSE: RolloutState.PAUSED,
    _C.RESUME: RolloutState.RUNNING,
    _C.ABORT: RolloutState.ABORTED,
}
NONE: Mapping[str, int] = {}
EACH = dict.fromkeys(UpgradeState, 1)


def test_every_state_is_in_the_table() -> None:
    """Fail for a new state without a line in the table."""
    assert set(POSSIBLE) == set(RolloutState)


@pytest.mark.parametrize("state", RolloutState)
@pytest.mark.parametrize("command", LEADS_TO)
def test_a_command_is_possible_only_where_its_transition_is(
    state: RolloutState, command: RolloutCommand
) -> None:
    """Offer nothing that the states forbid."""
    if command in POSSIBLE[state]:
        assert LEADS_TO[command] in ROLLOUT_TRANSITIONS[state]


@pytest.mark.parametrize(
    "state, counts, commands",
    [
        (RolloutState.SCHEDULED, EACH, [_C.WATCH, _C.ABORT]),
        (RolloutState.RUNNING, NONE, [_C.WATCH, _C.PAUSE, _C.ABORT]),
        (RolloutState.RUNNING, EACH, [_C.WATCH, _C.PAUSE, _C.ABORT, _C.RETRY]),
        (RolloutState.PAUSED, NONE, [_C.RESUME, _C.ABORT]),
        (RolloutState.PAUSED, EACH, [_C.RESUME, _C.ABORT, _C.RETRY]),
        (RolloutState.ABORTED, EACH, []),
        (RolloutState.ENDED, NONE, []),
        (RolloutState.ENDED, EACH, [_C.RETRY, _C.UNDO]),
        (RolloutState.ENDED, {UpgradeState.CANCELLED: 2}, [_C.RETRY]),
        (RolloutState.ENDED, {UpgradeState.SUCCEEDED: 2}, [_C.UNDO]),
        (RolloutState.ENDED, {UpgradeState.UNDONE: 2}, []),
    ],
)
def test_what_may_be_done(
    state: RolloutState, counts: Mapping[str, int], commands: list[RolloutCommand]
) -> None:
    """Check state by state; some commands need an upgrade that they apply to."""
    assert list(possible_commands(state, counts)) == commands


@pytest.mark.parametrize("state, command", list(product(RolloutState, RolloutCommand)))
def test_everything_else_is_refused_with_what_it_needs(
    state: RolloutState, command: RolloutCommand
) -> None:
    """Name the rollout, its state and the states in which the command is possible."""
    if command in POSSIBLE[state]:
        require_possible(command, "rollout 3 (x)", state)
        return
    with pytest.raises(Conflict) as refused:
        require_possible(command, "rollout 3 (x)", state)
    assert refused.value.problem == f"Cannot {command} rollout 3 (x): it is {state}."
    assert all(
        other in refused.value.remedy for other, commands in POSSIBLE.items() if command in commands
    )
