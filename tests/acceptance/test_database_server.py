"""Two instances on one MariaDB and one RabbitMQ: a shop, an upgrade with SQL, undo, restore."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pymysql
import pytest
from amqp.exceptions import AccessRefused, NotAllowed
from kombu.connection import Connection

from ocim.core.instance import BrokerHost
from tests.acceptance.installation import Installation, Refused, until
from tests.acceptance.test_redeploying import IRONWOOD, JUNIPER, SQL, UPDATE
from tests.acceptance.traffic import Visitor, served_by
from tests.broker_servers import NEEDS_RABBITMQ, PASSWORD, rabbitmq_server
from tests.mariadb_server import needs_mariadb
from tests.specification import SETTINGS

pytestmark = [pytest.mark.timeout(900), needs_mariadb, NEEDS_RABBITMQ]
SHOP, SCHOOL = DOMAINS = ("db-1.localhost", "db-2.localhost")
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
    """Create two sites of ironwood.2 on shared servers, one with the operators' own settings."""
    installation.environment["OCIM_BROKER_PASSWORD"] = PASSWORD
    url = broker.api_url.rstrip("/")
    installation.ocim("broker", "register", "main", url, "--port", str(broker.port))
    installation.ocim("database-server", "create", "main")
    installation.ocim("search-server", "create", "main")
    settings = tmp_path_factory.mktemp("shop") / "extra.yml"
    settings.write_text(SETTINGS + PATIENT)
    assert "No problem found" in installation.ocim("config", "lint", str(settings))
    for domain, more in ((SHOP, [f"configuration_extra_settings=@{settings}"]), (SCHOOL, [])):
        installation.ocim(
            *("instance", "create", domain, "--database-server", "main", *more),
            *("openedx_release=open-release/ironwood.2", f"edx_platform_commit={IRONWOOD}"),
        )
        installation.ocim("appserver", "spawn", domain, "--activate", "--no-wait")
    until(lambda: serving(installation) == [IRONWOOD] * 2, "they do not come up")
    yield installation
    for domain in DOMAINS:  # later instances of this installation have other brokers
        installation.ocim("instance", "archive", domain, "--yes")
        installation.ocim("instance", "delete", domain, "--name", domain)
    for kind in ("broker", "search-server", "database-server"):
        installation.ocim(kind, "remove", "main", "--yes")


def serving(installation: Installation) -> list[str]:
    """Return the release that each site shows."""
    return [release(installation, domain) for domain in DOMAINS]


def release(installation: Installation, domain: str) -> str:
    try:
        with Visitor(installation, domain) as visitor:
            return served_by(visitor.get("/").text)
    except httpx.HTTPError as error:  # the balancer does not know it yet
        return repr(error)


def variables(fleet: Installation, domain: str) -> dict[str, Any]:
    shown = fleet.json("config", "show", domain, "--secrets")
    return {entry["path"][0]: entry["value"] for entry in shown}


ACCOUNTS = (
    ("EDXAPP_MYSQL_USER", "EDXAPP_MYSQL_PASSWORD"),
    ("EDXAPP_MYSQL_CSMH_USER", "EDXAPP_MYSQL_CSMH_PASSWORD"),
    ("COMMON_MYSQL_MIGRATE_USER", "COMMON_MYSQL_MIGRATE_PASS"),
    ("COMMON_MYSQL_READ_ONLY_USER", "COMMON_MYSQL_READ_ONLY_PASS"),
)


OF_SERVER = {"information_schema", "performance_schema"}
"""Databases that describe the server, of which each account sees only what is its own."""


def sights(values: dict[str, Any], user: str, password: str) -> dict[str, set[str]]:
    """Return the databases, tables and processes that an account sees on the database server."""
    connection = pymysql.connect(
        host=values["EDXAPP_MYSQL_HOST"],
        port=int(values["EDXAPP_MYSQL_PORT"]),
        user=values[user],
        password=values[password],
    )
    queries = {
        "databases": "SHOW DATABASES",
        "tables": "SELECT DISTINCT table_schema FROM information_schema.tables",
        "processes": "SELECT DISTINCT user FROM information_schema.processlist",
        "rights": "SELECT DISTINCT grantee FROM information_schema.schema_privileges",
    }
    seen = {}
    with closing(connection), connection.cursor() as cursor:
        for name, query in queries.items():
            cursor.execute(query)
            seen[name] = {str(value) for (value,) in cursor.fetchall()} - OF_SERVER
        for forbidden in ("SELECT user FROM mysql.user", "SELECT db FROM mysql.db"):
            with pytest.raises(pymysql.OperationalError, match="denied"):
                cursor.execute(forbidden)
    return seen


def test_no_account_sees_anything_of_the_other_instance(
    fleet: Installation, broker: BrokerHost
) -> None:
    for domain, other in (DOMAINS, DOMAINS[::-1]):
        mine, others = variables(fleet, domain), variables(fleet, other)
        token, foreign = (
            values["EDXAPP_MYSQL_DB_NAME"].removesuffix("_edxapp") for values in (mine, others)
        )
        for user, password in ACCOUNTS:
            seen = sights(mine, user, password)
            assert all(name.startswith(token) for name in seen["databases"] | seen["tables"]), seen
            assert seen["processes"] == {mine[user]}
            assert all(mine[user] in right for right in seen["rights"])
            assert foreign not in json.dumps(seen, default=list)

        account = mine["EDXAPP_CELERY_USER"], mine["EDXAPP_CELERY_PASSWORD"]
        for page in ("overview", "queues", "users", "permissions", "vhosts"):
            assert httpx.get(f"{broker.api_url}api/{page}", auth=account).status_code == 401
        place = f"amqp://{':'.join(account)}@{mine['EDXAPP_CELERY_BROKER_HOSTNAME']}"
        with Connection(place + mine["EDXAPP_CELERY_BROKER_VHOST"]) as line:  # type: ignore[no-untyped-call]
            line.connect()
        for vhost in (others["EDXAPP_CELERY_BROKER_VHOST"], "/%2F"):
            with pytest.raises((AccessRefused, NotAllowed)):
                Connection(place + vhost).connect()  # type: ignore[no-untyped-call]


def redeploy(fleet: Installation, *more: str) -> str:
    return fleet.ocim(
        *("redeploy", "--tag=mariadb", "--force", f"--filter={{internal_lms_domain: {SHOP}}}"),
        *more,
    )


def test_a_shop_on_shared_servers_is_upgraded_verified_undone_and_restored(
    fleet: Installation, tmp_path: Path
) -> None:
    shown = fleet.json("database-server", "show", "main")
    assert (shown["kind"], shown["health"], shown["notes"]) == ("mysql", "ok", [])
    counts = [line.partition(": ")[2].partition(",")[0] for line in shown["instances"]]
    assert counts == ["5 databases", "3 databases"]
    # The test card is for the built-in configuration alone.
    update = "".join(line for line in UPDATE.splitlines(True) if "configuration_source" not in line)
    (tmp_path / "update.yml").write_text(update)
    (tmp_path / "sql.yml").write_text(SQL)
    update = f"--update=@{tmp_path}/update.yml"

    with pytest.raises(Refused):
        redeploy(fleet, update)

    broken = fleet.json("rollout", "list")[0]["id"]
    reason = fleet.ocim("rollout", "show", str(broken))
    assert "Table 'thumbnail_kvstore' already exists" in reason, reason
    sql = f"--preupgrade-sql-commands=@{tmp_path}/sql.yml"
    redeploy(fleet, update, sql, "--retry-failed", "--backup", "--strict-sql")
    assert serving(fleet) == [JUNIPER, IRONWOOD]
    number = str(fleet.json("rollout", "list")[0]["id"])
    assert "thumbnail" in fleet.ocim("rollout", "report", number)
    report = fleet.json("services", "verify", SHOP, "--purchase")
    lines = {line["name"]: line for line in report["lines"]}
    assert "1.00 GBP" in lines["purchase: order with test-card"]["compared"]
    assert lines["broker server: main"]["outcome"] == "ok"

    fleet.ocim("rollout", "undo", number, "--yes")
    until(lambda: serving(fleet) == [IRONWOOD] * 2, "it is not undone")
    fleet.ocim("rollout", "restore", SHOP, "--yes")
    assert serving(fleet) == [IRONWOOD] * 2
    checks = fleet.json("doctor")
    servers = ("database servers", "brokers", "search servers")
    assert not [check for check in checks if check["area"] in servers and check["where"]]
