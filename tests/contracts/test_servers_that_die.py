"""Database servers that are killed in the midst of a statement, or of a dump of a database."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pymysql
import pytest

from ocim.core.errors import OcimError, TransientError
from ocim.core.instance import DatabaseHost
from tests.acceptance.installation import command_line, until
from tests.contracts.conftest import MYSQL, POSTGRESQL, REAL, SERVERS, database_on
from tests.mariadb_server import mariadb_server
from tests.postgresql_server import postgresql_host, programs

AWAY = "The database server 127.0.0.1:"


class Mortal:
    """A database server that a test kills, and a database on it."""

    def __init__(self, host: DatabaseHost) -> None:
        self.host = host
        self.databases = REAL[host.kind]()
        self.database = database_on(host, "campus")
        self.databases.ensure(self.database)
        with self.databases.session(self.database) as session:
            session.execute("CREATE TABLE seen (n INTEGER)")

    @property
    def is_mysql(self) -> bool:
        return self.host.kind == "mysql"

    def connect(self) -> Any:
        """Connect to the database as the server's administrator."""
        password = self.host.admin.password.reveal()
        whole: dict[str, Any] = {
            "host": self.host.host,
            "port": self.host.port,
            "user": self.host.admin.user,
        }
        if self.is_mysql:
            return pymysql.connect(**whole, password=password, database=self.database.name)
        return psycopg.connect(**whole, password=password, dbname=self.database.name)

    def killed_under(self, work: Callable[[], object], waiting: str) -> OcimError:
        """Kill the server once `waiting` has a row, and return the error of the work."""
        with closing(self.connect()) as connection, ThreadPoolExecutor(1) as pool:
            if not self.is_mysql:
                connection.autocommit = True
            cursor = connection.cursor()

            def is_waiting() -> bool:
                cursor.execute(waiting)
                return bool(cursor.fetchall())

            result = pool.submit(work)
            until(is_waiting, "nothing waits")
            for process in self.processes():
                process.kill()
            error = result.exception()
        assert isinstance(error, OcimError)
        return error

    def processes(self) -> list[psutil.Process]:
        """Return the server's processes, which name its port."""
        port, me = str(self.host.port), psutil.Process()
        below = me.children(recursive=True)
        server = [item for item in below if port in command_line(item)]
        server = [item for item in server if item.name() in ("mariadbd", "postgres")]
        return [*server, *(child for item in server for child in item.children(recursive=True))]


@pytest.fixture(params=SERVERS)
def mortal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mortal]:
    monkeypatch.setenv("PATH", str(programs()), prepend=":")
    with mariadb_server() if request.param == "mysql" else postgresql_host() as host:
        yield Mortal(host)


def test_a_statement_ends_with_its_server_and_the_next_one_names_it(mortal: Mortal) -> None:
    endless = (MYSQL if mortal.is_mysql else POSTGRESQL).endless
    running = (
        "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT BENCHMARK%'"
        if mortal.is_mysql
        else "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%series(1, 1000%'"
        " AND state = 'active' AND pid <> pg_backend_pid()"
    )
    with mortal.databases.session(mortal.database) as session:
        lost = mortal.killed_under(lambda: session.execute(endless), running)
        assert isinstance(lost, TransientError)
        assert lost.problem.startswith("The session with campus_campus was lost")
        assert not session.in_transaction
        with pytest.raises(TransientError, match=f"^{AWAY}.* does not answer"):
            session.open()


def test_a_dump_ends_with_its_server_names_it_and_leaves_no_file(
    mortal: Mortal, tmp_path: Path
) -> None:
    blocked = (
        "SELECT 1 FROM information_schema.processlist WHERE state LIKE '%metadata lock%'"
        if mortal.is_mysql
        else "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    )
    with closing(mortal.connect()) as connection:
        connection.cursor().execute(
            "LOCK TABLES seen WRITE" if mortal.is_mysql else "LOCK TABLE seen"
        )
        path = tmp_path / "dumps/edxapp"
        error = mortal.killed_under(lambda: mortal.databases.dump(mortal.database, path), blocked)
    assert isinstance(error, TransientError)
    assert error.problem.startswith(AWAY)
    assert [*path.parent.iterdir()] == []
