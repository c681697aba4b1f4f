"""An active app server dies: it serves again, or its fallback does, without a person."""

import shutil
from contextlib import suppress

import psutil
import pytest

from tests.acceptance.installation import Installation, surroundings, until
from tests.acceptance.test_crashes import quietly

pytestmark = pytest.mark.timeout(600)


def test_an_app_server_whose_processes_are_killed_serves_again_and_then_its_fallback(
    installation: Installation, campus: str
) -> None:
    domain = campus
    (first,) = [item for item in installation.appservers(domain) if item["active"]]
    kill_host(installation, first["id"])
    assert not quietly(installation, domain)
    until(lambda: quietly(installation, domain), installation.log(), seconds=120)
    log = installation.ocim("appserver", "logs", str(first["id"]))
    assert "Its host was started again." in log

    installation.ocim("appserver", "spawn", domain, "--activate")
    second = installation.appservers(domain)[0]
    shutil.rmtree(installation.hosts / f"appserver-{second['id']}")
    kill_host(installation, second["id"])
    until(lambda: quietly(installation, domain), installation.log(), seconds=120)
    active = [
        appserver["id"] for appserver in installation.appservers(domain) if appserver["active"]
    ]
    assert active == [first["id"]]
    log = installation.ocim("appserver", "logs", str(second["id"]))
    assert f"App server {first['id']} serves." in log
    installation.ocim("appserver", "terminate", str(second["id"]), "--yes")


def kill_host(installation: Installation, appserver: int) -> None:
    root = str(installation.hosts / f"appserver-{appserver}")
    killed = [item for item in installation.everything() if f"{root}/" in f"{surroundings(item)}/"]
    assert killed
    for process in killed:
        with suppress(psutil.NoSuchProcess):  # the end of another has ended it
            process.kill()
