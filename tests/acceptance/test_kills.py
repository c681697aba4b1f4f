"""Tests that kill each process of the installation: it comes back, and no visitor is refused."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.acceptance.installation import Installation, installed, until
from tests.acceptance.traffic import Traffic

pytestmark = pytest.mark.timeout(600)

LONGEST = 5.0
"""Seconds that a visitor may have to wait; on a machine with nothing else to do it is a fifth of
one.
"""
PROGRAMS = {
    "edge": ("caddy", "edge.json"),
    "router": ("caddy", "router.json"),
    "the edge that waits": ("ocim.project.main", "run edge"),
    "guard": ("ocim.processes.guard 0",),
    "supervisord": ("supervisor.supervisord",),
    "pages": ("ocim.project.main web",),
    "worker": ("ocim.project.main worker",),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_nobody_is_refused_where_one_is_killed(
    installation: Installation, campus: str, program: str
) -> None:
    words = PROGRAMS[program]
    with Traffic(installation, campus) as traffic:
        until(lambda: traffic.answers, "nothing answers")
        before = installation.processes(*words)
        before[0].kill()
        until(lambda: replaced(installation, before, *words), installation.log())
        until(more_than(traffic, traffic.answers.total() + 20), "nothing answers any more")
    assert traffic.refused == []
    assert traffic.longest < LONGEST
    if program != "edge":  # with it die the requests that it is just passing on
        assert traffic.failures == []


def test_nobody_is_refused_where_the_edge_is_killed_after_supervisord(
    installation: Installation, campus: str
) -> None:
    with Traffic(installation, campus) as traffic:
        for program in ("supervisord", "edge"):
            words = PROGRAMS[program]
            before = installation.processes(*words)
            before[0].kill()
            until(lambda: replaced(installation, before, *words), installation.log())  # noqa: B023
        until(more_than(traffic, traffic.answers.total() + 20), "nothing answers any more")
    assert traffic.refused == []


def test_ocim_up_that_is_killed_is_not_needed(tmp_path: Path) -> None:
    with installed(tmp_path) as other:
        processes = {item.pid for item in other.processes()}

        other.kill()
        assert {item.pid for item in other.processes()} == processes

        other.start()
        assert {item.pid for item in other.processes()} == processes

        other.kill()
        other.ocim("down")
        assert [process.cmdline() for process in other.everything()] == []


def replaced(installation: Installation, before: list[psutil.Process], *words: str) -> bool:
    """Return True if there are as many as before, and the first of them is new."""
    now = installation.processes(*words)
    return len(now) >= len(before) and before[0] not in now


def more_than(traffic: Traffic, answers: int) -> Callable[[], bool]:
    return lambda: traffic.answers.total() > answers
