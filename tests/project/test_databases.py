"""Connections to PostgreSQL that the pages' processes keep."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db.utils import ConnectionHandler, OperationalError
from pytest_django import DjangoDbBlocker

from ocim.project.databases import POOL, database, keep_connections
from ocim.project.options import Options
from tests.acceptance.installation import free_ports, until
from tests.postgresql_server import postgresql_files, postgresql_server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgresql_server() as url:
        yield url


@pytest.fixture
def pages(url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[ConnectionHandler]:
    """Yield the connections of a process of the pages."""
    settings = database(Options(database_url=url))
    keep_connections(settings)
    handler = ConnectionHandler({"default": {}, "pages": settings})
    with django_db_blocker.unblock():
        yield handler
    handler["pages"].close_pool()  # type: ignore[attr-defined]


def backend(handler: ConnectionHandler, name: str) -> int:
    """Return the id of PostgreSQL's process that serves a request, which ends afterwards."""
    connection = handler[name]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    connection.close()
    return int(pid)


def in_a_thread(handler: ConnectionHandler, name: str = "pages") -> int:
    with ThreadPoolExecutor(1) as requests:
        return requests.submit(backend, handler, name).result()


def is_refused(handler: ConnectionHandler, name: str) -> bool:
    try:
        in_a_thread(handler, name)
    except OperationalError:
        return True
    return False


def test_requests_in_threads_of_their_own_share_a_connection(pages: ConnectionHandler) -> None:
    assert len({in_a_thread(pages) for _ in range(10)}) <= POOL["min_size"] + 1


def test_a_connection_that_the_server_ended_is_replaced(pages: ConnectionHandler, url: str) -> None:
    first = in_a_thread(pages)
    with psycopg.connect(url) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s)", [first])
    assert first not in {in_a_thread(pages) for _ in range(10)}


def test_pages_are_back_after_an_outage_of_the_database(
    django_db_blocker: DjangoDbBlocker,
) -> None:
    with postgresql_files() as files, django_db_blocker.unblock():
        (port,) = free_ports(1)
        url = f"postgres://ocim@127.0.0.1:{port}/postgres"
        settings = database(Options(database_url=url))
        keep_connections(settings)
        settings["OPTIONS"]["pool"] |= {"timeout": 0.5, "reconnect_timeout": 0.1}
        pages = ConnectionHandler({"default": {}, "outage": settings})
        with files.run("127.0.0.1", port):
            assert in_a_thread(pages, "outage")
        # The processes of a killed server need a moment to notice.
        until(lambda: is_refused(pages, "outage"), "the database still answers")
        with files.run("127.0.0.1", port):
            assert in_a_thread(pages, "outage")
        pages["outage"].close_pool()  # type: ignore[attr-defined]


def test_sqlite_needs_no_pool() -> None:
    settings = database(Options())
    keep_connections(settings)
    assert "pool" not in settings["OPTIONS"]
