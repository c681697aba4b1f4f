"""Any process may be killed at any moment: all recovers, nothing is stuck, nothing made twice."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.installation import Installation, installed, until
from tests.acceptance.spine import (
    answers,
    is_served,
    killed_worker_is_replaced,
    spawn_and_wait_for_ansible,
)

pytestmark = pytest.mark.timeout(600)


def test_a_worker_that_is_killed_while_it_provisions_is_replaced(
    installation: Installation,
) -> None:
    killed_worker_is_replaced(installation, "worker.localhost")


@pytest.mark.parametrize("role", ["edge", "router"])
def test_a_balancer_that_is_killed_serves_again(
    installation: Installation, campus: str, role: str
) -> None:
    (caddy,) = installation.processes("caddy", f"{role}.json")
    caddy.kill()
    until(lambda: restarted(installation, caddy, "caddy", f"{role}.json"), installation.log())
    until(lambda: quietly(installation, campus), installation.log())


def test_pages_that_are_killed_come_back(installation: Installation) -> None:
    (web,) = installation.processes("ocim.project.main web")
    web.kill()
    until(lambda: restarted(installation, web, "ocim.project.main web"), installation.log())


def restarted(installation: Installation, old: psutil.Process, *words: str) -> bool:
    return any(process.pid != old.pid for process in installation.processes(*words))


def quietly(installation: Installation, domain: str) -> bool:
    try:
        return answers(installation, domain)
    except httpx.HTTPError:
        return False


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


def test_what_was_interrupted_goes_on_at_the_next_start(other: Installation) -> None:
    domain = "resumed.localhost"
    other.instance(domain)
    spawn_and_wait_for_ansible(other, domain)
    other.stop()
    assert [process.cmdline() for process in other.everything()] == []
    other.start()
    until(lambda: is_served(other, domain), other.log())
    assert len(other.appservers(domain)) == 1
