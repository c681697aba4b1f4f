"""The suite as a whole: how it is shared out, and whether it leaves the machine as it was."""

import gc
import os
import shutil
import time
from collections.abc import Generator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests import leftovers
from tests.group_fixtures import GroupFixtures, GroupsFirst

if TYPE_CHECKING:
    import pytest_django

    from demo.engine import Engine
    from tests.acceptance.installation import Installation
    from tests.broker_servers import RedisBroker
    from tests.campus import Campus

# A busy machine is no fault of what is tested.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

# Where an environment asks for no compiled code, each process that a test starts would compile
# Ocim anew, which takes longer than its work.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

PATIENCE = float(os.environ.get("LEFTOVERS_PATIENCE", "20"))
"""Seconds in which what has been told to end may end."""


AT_ONCE = (
    "playbooks",
    "test_provider.py",
    "test_images.py",
    "test_nspawn_provider.py",
    "test_ssh_provider.py",
)
"""Modules, and directories of them, whose fixtures take so long that one process makes them."""


def pytest_xdist_auto_num_workers() -> int:
    """Return twice the number of cores: tests often wait for processes."""
    return 2 * len(os.sched_getaffinity(0))


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # elsewhere tests of a group do not follow one another
        config.pluginmanager.register(GroupFixtures())
        config.pluginmanager.register(GroupsFirst())


@pytest.hookimpl(tryfirst=True)  # before the runner reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run all of such a module."""
    for item in items:
        if {*item.path.parts} & {*AT_ONCE} and not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}-{item.path.stem}"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage only once all tests are collected, and never at them: they stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def few_keys() -> Generator[None]:
    """Make four pairs of keys per process, instead of a slow pair for every instance."""
    from ocim.catalog.variables.jwt import generate  # noqa: PLC0415 - once Django is set up
    from ocim.operations import instances  # noqa: PLC0415

    few = cycle([generate() for _ in range(4)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "generate", lambda: next(few))
        yield


@pytest.fixture(scope="session", autouse=True)
def emptied_between_tests() -> Generator[None]:
    """Let the end of a test empty the audit log, too, which refuses that to everybody else."""
    from django.db import connection  # noqa: PLC0415 - once Django is set up

    table = "ALTER TABLE store_auditentry {} TRIGGER USER"
    kind = type(connection.ops)
    flush = kind.execute_sql_flush

    def emptied(operations: Any, sql: list[str]) -> None:
        before, after = [table.format("DISABLE")], [table.format("ENABLE")]
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                triggers = cursor.fetchall()
            before = [f"DROP TRIGGER {name}" for name, _ in triggers]
            after = [create for _, create in triggers]
        flush(operations, [*before, *sql, *after])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "execute_sql_flush", emptied)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: "pytest_django.DjangoDbBlocker"
) -> None:
    """Let no id begin at 1, so that no test expects an id that only an order of tests makes."""
    from django.db import connection  # noqa: PLC0415 - once Django is set up

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if connection.vendor == "sqlite" and table.startswith("store_"):
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, 100)", [table])


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of this checkout, for all tests of the group `docs`."""
    from tests.wheels import build_wheel  # noqa: PLC0415 - few tests need it

    return build_wheel(tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def engine() -> Generator["Engine"]:
    """Yield the Docker engine of tests, for those that bear `needs_docker`."""
    from tests.docker_engine import docker_engine  # noqa: PLC0415 - few tests need it

    with docker_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def shop_broker() -> Generator["RedisBroker | None"]:
    """Yield the broker of the campus; None where Redis is not installed."""
    from tests.broker_servers import REDIS, RedisBroker  # noqa: PLC0415 - few tests need it

    if not REDIS:
        yield None
        return
    with RedisBroker() as broker:
        yield broker


@pytest.fixture(scope="session")
def shop_installation(
    tmp_path_factory: pytest.TempPathFactory, shop_broker: "RedisBroker | None"
) -> Generator["Installation"]:
    """Yield an Ocim for all tests of the group `services`, with all shared servers there are.

    A broker and a database server are only registered where Redis and MariaDB are installed.
    """
    from tests.acceptance.installation import installed  # noqa: PLC0415
    from tests.broker_servers import PASSWORD  # noqa: PLC0415
    from tests.campus import DATABASES, Quick  # noqa: PLC0415
    from tests.mariadb_server import MISSING, mariadb_server  # noqa: PLC0415

    with ExitStack() as stack:
        database = stack.enter_context(mariadb_server()) if not MISSING else None
        running = stack.enter_context(installed(tmp_path_factory.mktemp("ocim"), Quick))
        running.ocim("search-server", "create", "main")
        if shop_broker:
            running.environment["OCIM_BROKER_PASSWORD"] = PASSWORD
            url = f"redis://127.0.0.1:{shop_broker.host.port}"
            running.ocim("broker", "register", "main", url)
        if database:
            running.environment["OCIM_DATABASE_PASSWORD"] = database.admin.password.reveal()
            url = f"mysql://127.0.0.1:{database.port}"
            running.ocim("database-server", "register", DATABASES, url)
        yield running


@pytest.fixture(scope="session")
def shop_campus(shop_installation: "Installation", shop_broker: "RedisBroker | None") -> "Campus":
    """Return an instance with a shop and a catalogue, for all tests of the group `services`."""
    from ocim.core.instance import Service  # noqa: PLC0415
    from tests.campus import DATABASES, open_campus  # noqa: PLC0415
    from tests.mariadb_server import MISSING  # noqa: PLC0415

    campus = open_campus(shop_installation, None if MISSING else DATABASES)
    if shop_broker:
        campus.manage(Service.ECOMMERCE, "waffle_sample async_order_fulfillment 100")
    return campus


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Fail the run where something is left of it, after all workers have ended."""
    yield
    shutil.rmtree(os.environ["OCIM_VAR"], ignore_errors=True)
    if hasattr(session.config, "workerinput"):
        return
    base = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    deadline = time.monotonic() + PATIENCE
    while (left := leftovers.of_run(base)) and time.monotonic() < deadline:
        time.sleep(0.5)
    leftovers.NETWORKS.unlink(missing_ok=True)
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            reporter.section("left on this machine", red=True)
            reporter.write_line("\n".join(left))
