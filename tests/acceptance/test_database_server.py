"""Two instances on one MariaDB that Ocim creates: spawn, an upgrade with SQL, undo and restore."""

from pathlib import Path

import httpx
import pytest

from tests.acceptance.installation import Installation, until
from tests.acceptance.test_redeploying import IRONWOOD, JUNIPER, SQL, UPDATE
from tests.acceptance.traffic import Visitor, served_by
from tests.mariadb_server import needs_mariadb

pytestmark = [pytest.mark.timeout(900), needs_mariadb]
DOMAINS = ("db-1.localhost", "db-2.localhost")


@pytest.fixture(scope="module")
def fleet(installation: Installation) -> Installation:
    """Create two sites of ironwood.2 on the database server main."""
    installation.ocim("database-server", "create", "main")
    for domain in DOMAINS:
        installation.ocim(
            *("instance", "create", domain, "openedx_release=open-release/ironwood.2"),
            *(f"edx_platform_commit={IRONWOOD}", "--database-server", "main"),
        )
        installation.ocim("appserver", "spawn", domain, "--activate", "--no-wait")
    until(lambda: serving(installation) == [IRONWOOD] * 2, "they do not come up")
    return installation


def serving(installation: Installation) -> list[str]:
    """Return the release that each site shows."""
    return [release(installation, domain) for domain in DOMAINS]


def release(installation: Installation, domain: str) -> str:
    try:
        with Visitor(installation, domain) as visitor:
            return served_by(visitor.get("/").text)
    except httpx.HTTPError as error:  # the balancer does not know it yet
        return repr(error)


def test_an_instance_on_a_database_server_is_upgraded_undone_and_restored(
    fleet: Installation, tmp_path: Path
) -> None:
    shown = fleet.json("database-server", "show", "main")
    assert (shown["kind"], shown["health"], shown["notes"]) == ("mysql", "ok", [])
    assert [": 3 databases, " in line for line in shown["instances"]] == [True, True]
    (tmp_path / "update.yml").write_text(UPDATE)
    (tmp_path / "sql.yml").write_text(SQL)

    fleet.ocim(
        *("redeploy", "--tag=mariadb", "--force", "--backup", "--strict-sql"),
        f"--filter={{internal_lms_domain: {DOMAINS[0]}}}",
        f"--update=@{tmp_path}/update.yml",
        f"--preupgrade-sql-commands=@{tmp_path}/sql.yml",
    )

    assert serving(fleet) == [JUNIPER, IRONWOOD]
    [rollout] = fleet.json("rollout", "list")[:1]
    number = str(rollout["id"])
    assert "thumbnail" in fleet.ocim("rollout", "report", number)
    fleet.ocim("rollout", "undo", number, "--yes")
    until(lambda: serving(fleet) == [IRONWOOD] * 2, "it is not undone")
    fleet.ocim("rollout", "restore", DOMAINS[0], "--yes")
    assert serving(fleet) == [IRONWOOD] * 2
    checks = fleet.json("doctor")
    assert not [one for one in checks if one["area"] == "database servers" and one["where"]]
