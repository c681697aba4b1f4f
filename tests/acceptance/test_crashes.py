"""Any process may be killed at any moment: all recovers, nothing is stuck, nothing made twice."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.installation import Installation, installed, until
from tests.acceptance.traffic import Visitor

pytestmark = pytest.mark.timeout(600)


def spawn_and_wait_for_ansible(installation: Installation, domain: str) -> None:
    installation.instance(domain)
    installation.ocim("appserver", "spawn", domain, "--activate", "--no-wait")
    until(lambda: ansible(installation), "nothing is provisioned")


def ansible(installation: Installation) -> list[psutil.Process]:
    return installation.processes("ocim.adapters.provisioners.ansible_child")


def is_active(installation: Installation, domain: str) -> bool:
    return any(one["active"] for one in installation.appservers(domain))


def answers(installation: Installation, domain: str) -> bool:
    with Visitor(installation, domain) as visitor:
        return visitor.get("/heartbeat").status_code == 200


def test_a_worker_that_is_killed_while_it_provisions_is_replaced(
    installation: Installation,
) -> None:
    domain = "worker.localhost"
    spawn_and_wait_for_ansible(installation, domain)
    for worker in installation.processes("worker"):
        worker.kill()
    until(lambda: is_active(installation, domain), installation.log())
    assert answers(installation, domain)
    (appserver,) = installation.appservers(domain)
    assert "Taken up again" in installation.ocim("appserver", "logs", str(appserver["id"]))
    known = {f"appserver-{one['id']}" for one in installation.json("appserver", "list")}
    assert {path.name for path in installation.var.glob("hosts/appserver-*")} == known


@pytest.fixture(scope="module")
def served(installation: Installation) -> str:
    domain = installation.instance("chaos.localhost")
    installation.ocim("appserver", "spawn", domain, "--activate")
    return domain


@pytest.mark.parametrize("role", ["edge", "router"])
def test_a_balancer_that_is_killed_serves_again(
    installation: Installation, served: str, role: str
) -> None:
    (caddy,) = installation.processes("caddy", f"{role}.json")
    caddy.kill()
    until(lambda: restarted(installation, caddy, "caddy", f"{role}.json"), installation.log())
    until(lambda: quietly(installation, served), installation.log())


def test_pages_that_are_killed_come_back(installation: Installation) -> None:
    (web,) = installation.processes("uvicorn")
    web.kill()
    until(lambda: restarted(installation, web, "uvicorn"), installation.log())


def restarted(installation: Installation, old: psutil.Process, *words: str) -> bool:
    return any(one.pid != old.pid for one in installation.processes(*words))


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
    spawn_and_wait_for_ansible(other, domain)
    other.stop()
    assert [process.cmdline() for process in other.everything()] == []
    other.start()
    until(lambda: is_active(other, domain), other.log())
    assert answers(other, domain)
    assert len(other.appservers(domain)) == 1


def test_a_manager_that_is_killed_takes_its_processes_along(other: Installation) -> None:
    other.kill()
    until(lambda: not other.everything(), "something goes on")
