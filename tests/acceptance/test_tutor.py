"""An instance that Tutor provisions: its whole life, with stand-ins for the images alone."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from demo.engine import Engine
from demo.servers import SERVERS
from ocim.core.places import ROOT
from tests.acceptance.installation import PATIENCE, Installation, until
from tests.acceptance.traffic import Traffic, Visitor
from tests.acceptance.tutors import (
    left_of,
    of_all_releases,
    of_release,
    shared_servers,
    tutors,
)
from tests.docker_engine import needs_docker
from tests.rehearsal_images import images

pytestmark = [needs_docker, pytest.mark.xdist_group("docker"), pytest.mark.timeout(1200)]
DOMAIN = "campus.example.com"


@pytest.fixture(scope="module")
def addresses(engine: Engine) -> Iterator[dict[str, str]]:
    """Yield the addresses of the shared servers, once all images are there."""
    of_services = [
        f"{name}:{tag}" for name in ("openedx", "discovery") for tag in ("ulmo", "verawood")
    ]
    images(engine, *of_services, *(f"{name}:latest" for name in ("caddy", "permissions", *SERVERS)))
    with shared_servers(engine) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def fleet(
    engine: Engine, addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Yield an installation with an instance that an app server by Tutor serves."""
    there_before = left_of(engine)
    with tutors(engine, addresses, tmp_path_factory.mktemp("tutor")) as installation:
        extra = installation.directory / "extra.yml"
        extra.write_text(
            f"TUTOR_PLUGINS: []\nSANDBOX_ENABLE_DISCOVERY: true"
            f"{of_all_releases(addresses)}{of_release('ulmo')}"
        )
        installation.ocim(
            *("instance", "create", DOMAIN, "openedx_release=release/ulmo.4"),
            f"configuration_extra_settings=@{extra}",
        )
        installation.ocim("appserver", "spawn", DOMAIN, "--activate", timeout=2 * PATIENCE)
        yield installation
        installation.ocim("instance", "archive", DOMAIN, "--yes")
        assert set(left_of(engine)) <= set(there_before)


def heartbeat(installation: Installation) -> dict[str, Any]:
    with Visitor(installation, DOMAIN) as visitor:
        answer: dict[str, Any] = json.loads(visitor.get("/heartbeat").text)
        return answer


HOURLY = """
import django
django.setup()
from ocim.operations.shop.refresh import start_all
from ocim.wiring import context
start_all(context())
"""


def test_services_in_containers_are_set_up_verified_and_looked_after(
    fleet: Installation,
) -> None:
    states = {row["step"]: row["state"] for row in fleet.json("services", "status", DOMAIN)}
    assert states == dict.fromkeys(("users", "clients", "partner", "indexes"), "done")

    subprocess.run([sys.executable, "-c", HOURLY], env=fleet.environment, cwd=ROOT, check=True)
    name = "discovery: last run of the cron job"
    until(lambda: "exit status 0" in verified(fleet)[name]["compared"], "the job does not end")


ASK = f"""
from http.client import HTTPConnection
connection = HTTPConnection("localhost", 8000)
connection.request("GET", "/heartbeat", headers={{"Host": "{DOMAIN}"}})
print(connection.getresponse().getheader("Connection"))
"""


def test_uwsgi_tells_the_web_server_that_it_ends_each_connection(
    fleet: Installation, engine: Engine
) -> None:
    containers = engine.docker("ps", "--quiet", "--filter=label=com.docker.compose.service=lms")
    answers = [engine.docker("exec", one, "python3", "-c", ASK) for one in containers.split()]
    assert answers
    # Tutor's own settings add "Keep-Alive", which does not count beside "close".
    assert all("close" in answer for answer in answers)


def test_an_upgrade_runs_its_migrations_on_copies_and_then_switches_over(
    fleet: Installation,
) -> None:
    assert heartbeat(fleet)["release"] == "release/ulmo.4"
    extra = (fleet.directory / "extra.yml").read_text()
    changes = {
        "openedx_release": "release/verawood.1",
        "configuration_extra_settings": extra.replace(of_release("ulmo"), of_release("verawood")),
    }
    (fleet.directory / "update.json").write_text(json.dumps(changes))
    with Traffic(fleet, DOMAIN, visitors=2) as traffic:
        until(lambda: traffic.answers, "nothing answers")
        fleet.ocim(
            *("redeploy", "--tag=verawood", f"--filter={{internal_lms_domain: {DOMAIN}}}"),
            *(f"--update=@{fleet.directory}/update.json", "--force"),
            timeout=4 * PATIENCE,
        )
    assert traffic.failures == []
    assert heartbeat(fleet)["release"] == "release/verawood.1"
    assert "lms theming.0002_note" in fleet.ocim("rollout", "report", "1")


def verified(installation: Installation) -> dict[str, dict[str, Any]]:
    """Return the lines of a new verification by their names."""
    report = installation.json("services", "verify", DOMAIN)
    return {line["name"]: line for line in report["lines"]}
