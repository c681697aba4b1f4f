"""A shop on MariaDB and RabbitMQ: an upgrade with SQL, servers that die, undo, restore."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from ocim.core.instance import BrokerHost
from tests.acceptance.installation import PATIENCE, Installation, Refused, command_line, until
from tests.acceptance.test_redeploying import IRONWOOD, JUNIPER, SQL, UPDATE
from tests.acceptance.traffic import Visitor, served_by
from tests.broker_servers import NEEDS_RABBITMQ, PASSWORD, rabbitmq_server
from tests.mariadb_server import needs_mariadb
from tests.specification import SETTINGS

pytestmark = [pytest.mark.timeout(900), needs_mariadb, NEEDS_RABBITMQ]
SHOP = "db.localhost"
PATIENT = "discovery_read_timeout: 120"
"""Time for answers, as other tests may have the processors meanwhile."""


@pytest.fixture(scope="module")
def broker() -> Iterator[BrokerHost]:
    with rabbitmq_server() as host:
        yield host


@pytest.fixture(scope="module")
def fleet(
    installation: Installation, broker: BrokerHost, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Create a site of ironwood.2 on shared servers, with the operators' own settings."""
    installation.environment["OCIM_BROKER_PASSWORD"] = PASSWORD
    url = broker.api_url.rstrip("/")
    installation.ocim("broker", "register", "main", url, "--port", str(broker.port))
    installation.ocim("database-server", "create", "main")
    installation.ocim("search-server", "create", "main")
    settings = tmp_path_factory.mktemp("shop") / "extra.yml"
    settings.write_text(SETTINGS + PATIENT)
    assert "No problem found" in installation.ocim("config", "lint", str(settings))
    installation.ocim(
        *("instance", "create", SHOP, "--database-server", "main"),
        *("openedx_release=open-release/ironwood.2", f"edx_platform_commit={IRONWOOD}"),
        f"configuration_extra_settings=@{settings}",
    )
    installation.ocim("appserver", "spawn", SHOP, "--activate", timeout=2 * PATIENCE)
    assert release(installation) == IRONWOOD
    yield installation
    # Later instances of this installation have other brokers.
    installation.ocim("instance", "archive", SHOP, "--yes")
    installation.ocim("instance", "delete", SHOP, "--name", SHOP)
    for kind in ("broker", "search-server", "database-server"):
        installation.ocim(kind, "remove", "main", "--yes")


def release(installation: Installation) -> str:
    """Return the release that the site shows."""
    try:
        with Visitor(installation, SHOP) as visitor:
            return served_by(visitor.get("/").text)
    except httpx.HTTPError as error:  # the balancer does not know it yet
        return repr(error)


def redeploy(fleet: Installation, *more: str) -> str:
    return fleet.ocim(
        *("redeploy", "--tag=mariadb", "--force", f"--filter={{internal_lms_domain: {SHOP}}}"),
        *more,
    )


@contextmanager
def dies(fleet: Installation, kind: str, host: str, *, job_at: str) -> Iterator[None]:
    """Kill a shared server as soon as a job is at a step; it is back when the block has ended.

    Meanwhile its supervisord, which would start it again, is stopped.
    """
    programs = str(fleet.hosts / host / "edx")  # another installation has hosts of the same names
    mine = [item for item in psutil.process_iter() if programs in command_line(item)]
    supervisord = next(parent for item in mine if (parent := item.parent()) and parent not in mine)
    at_step = "SELECT 1 FROM store_job WHERE state = 'running' AND step = ?"

    def kill() -> None:
        until(lambda: fleet.ask(at_step, job_at), f"no job is at {job_at}")
        supervisord.suspend()
        for process in mine:
            with suppress(psutil.NoSuchProcess):  # the end of another has ended it
                process.kill()

    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(kill)
        try:
            yield
            killed.result()
        finally:
            supervisord.resume()
    until(lambda: fleet.json(kind, "show", "main")["health"] == "ok", f"{host} is not back")


def test_a_shop_on_shared_servers_is_upgraded_verified_undone_and_restored(
    fleet: Installation, tmp_path: Path
) -> None:
    shown = fleet.json("database-server", "show", "main")
    assert (shown["kind"], shown["health"], shown["notes"]) == ("mysql", "ok", [])
    counts = [line.partition(": ")[2].partition(",")[0] for line in shown["instances"]]
    assert counts == ["5 databases"]
    # The test card is for the built-in configuration alone.
    update = "".join(line for line in UPDATE.splitlines(True) if "configuration_source" not in line)
    (tmp_path / "update.yml").write_text(update)
    (tmp_path / "sql.yml").write_text(SQL)
    update = f"--update=@{tmp_path}/update.yml"

    with (
        dies(fleet, "database-server", "database-main", job_at="dry run of migrations"),
        pytest.raises(Refused),
    ):
        redeploy(fleet, update)

    broken = str(fleet.json("rollout", "list")[0]["id"])
    reason = fleet.ocim("rollout", "show", broken)
    assert "Database server main: The database server " in reason, reason
    assert release(fleet) == IRONWOOD
    fleet.ocim("rollout", "retry", broken)
    with pytest.raises(Refused):
        fleet.ocim("rollout", "watch", broken)
    reason = fleet.ocim("rollout", "show", broken)
    assert "Table 'thumbnail_kvstore' already exists" in reason, reason
    sql = f"--preupgrade-sql-commands=@{tmp_path}/sql.yml"
    redeploy(fleet, update, sql, "--retry-failed", "--backup", "--strict-sql")
    assert release(fleet) == JUNIPER
    number = str(fleet.json("rollout", "list")[0]["id"])
    assert "thumbnail" in fleet.ocim("rollout", "report", number)
    with dies(fleet, "search-server", "search-main", job_at="verification"):
        done = fleet.run("services", "verify", SHOP, "--json")
    assert done.returncode == 1
    failed = [x for x in json.loads(done.stdout)["lines"] if x["outcome"] == "failed"]
    [line] = [line for line in failed if line["name"].startswith("search server: main")]
    assert "`ocim search-server show main` tries it." in line["remedy"]
    report = fleet.json("services", "verify", SHOP, "--purchase")
    lines = {line["name"]: line for line in report["lines"]}
    assert "1.00 GBP" in lines["purchase: order with test-card"]["compared"]
    assert lines["broker server: main"]["outcome"] == "ok"

    fleet.ocim("rollout", "undo", number, "--yes")
    until(lambda: release(fleet) == IRONWOOD, "it is not undone")
    fleet.ocim("rollout", "restore", SHOP, "--yes")
    assert release(fleet) == IRONWOOD
    checks = fleet.json("doctor")
    servers = ("database servers", "instance databases", "brokers", "search servers")
    assert not [check for check in checks if check["area"] in servers and check["where"]]
