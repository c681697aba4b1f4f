from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocim.core.policy import Retention
from ocim.core.retention import Candidate, expendable
from ocim.core.states import UNFINISHED, AppServerState

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEPT = Retention(fallback_days=7, failed_days=3)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def server(number: int, state: AppServerState = AppServerState.RUNNING, **fields: Any) -> Candidate:
    return Candidate(**{"id": number, "deployment": number, "state": state,
                        "is_active": False, **fields})  # fmt: skip


def active(number: int) -> Candidate:
    return server(number, is_active=True, activated_at=ago(100))


def retired(number: int, days: float) -> Candidate:
    return server(number, activated_at=ago(200), deactivated_at=ago(days))


def failed(number: int, days: float) -> Candidate:
    return server(number, AppServerState.FAILED, failed_at=ago(days))


@pytest.mark.parametrize(
    "appservers, expired",
    [
        pytest.param([], set(), id="nothing to keep or spend"),
        pytest.param([active(1), active(2)], set(), id="active ones are kept"),
        pytest.param([retired(1, 6.9), active(2)], set(), id="a fallback is kept for a week"),
        pytest.param([retired(1, 7), active(2)], {1}, id="and no longer"),
        pytest.param([retired(1, 2), retired(2, 1), active(3)], {1}, id="one fallback"),
        pytest.param([retired(1, 1), retired(2, 2), active(3)], {2}, id="the last one active"),
        pytest.param([retired(1, 1), retired(2, 1), active(3)], set(), id="taken out together"),
        pytest.param([retired(1, 1)], set(), id="a fallback where nothing is active"),
        pytest.param([active(1), server(2)], set(), id="a release candidate is kept"),
        pytest.param([active(1), server(2), server(3)], {2}, id="the newest candidate"),
        pytest.param(
            [active(1), server(2, deployment=9), server(3, deployment=9)],
            set(),
            id="the newest candidates, of one deployment",
        ),
        pytest.param(
            [server(2, deployment=None), server(3, deployment=None)],
            {2},
            id="no deployment is not one deployment",
        ),
        pytest.param([server(1), active(2)], {1}, id="a candidate older than what is active"),
        pytest.param([server(1), retired(2, 9)], {1, 2}, id="or than what was"),
        pytest.param([failed(1, 2.9), failed(2, 0)], set(), id="failed ones for three days"),
        pytest.param([failed(1, 3), active(2)], {1}, id="failed ones no longer"),
    ],
)
def test_what_retention_lets_go(appservers: list[Candidate], expired: set[int]) -> None:
    assert expendable(appservers, NOW, KEPT) == expired


@pytest.mark.parametrize("state", sorted(UNFINISHED))
def test_what_is_being_made_is_kept(state: AppServerState) -> None:
    assert expendable([server(1, state), active(2)], NOW, KEPT) == set()
