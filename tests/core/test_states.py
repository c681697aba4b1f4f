import pytest

from ocim.core.errors import Conflict
from ocim.core.states import (
    APP_SERVER_TRANSITIONS,
    SERVER_TRANSITIONS,
    AppServerState,
    ServerState,
    may_become,
    require_transition,
)


def test_every_state_has_its_row() -> None:
    assert set(APP_SERVER_TRANSITIONS) == set(AppServerState)
    assert set(SERVER_TRANSITIONS) == set(ServerState)


def test_a_terminated_app_server_becomes_nothing_else() -> None:
    with pytest.raises(Conflict, match='from "terminated" to "running"'):
        require_transition(
            AppServerState.TERMINATED, AppServerState.RUNNING, APP_SERVER_TRANSITIONS
        )


def test_only_what_was_checked_can_run() -> None:
    assert may_become(AppServerState.RUNNING, APP_SERVER_TRANSITIONS) == {AppServerState.CHECKING}
