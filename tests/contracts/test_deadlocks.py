"""A deadlock of a real database under a program of a service: the program's part begins again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest

from ocim.catalog.steps.shells import Part, program, results
from ocim.core.hosts import Ran
from ocim.core.instance import Database, DatabaseHost
from tests.acceptance.installation import until
from tests.contracts.conftest import REAL, database_on
from tests.empty_service import empty_service_shell
from tests.mariadb_server import needs_mariadb

pytestmark = [needs_mariadb, pytest.mark.xdist_group("mariadb")]

SELL = """
import pymysql
from contextlib import closing

def sell(place):
    with closing(pymysql.connect(**place)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO tries VALUES ()")
        connection.commit()
        for seat in (2, 1):
            cursor.execute("UPDATE seats SET sold = sold + 1 WHERE id = %s", (seat,))
        connection.commit()
"""
WAITS = "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"


class Shop:
    """A database with ten seats, and the addresses of two who change it."""

    def __init__(self, server: DatabaseHost) -> None:
        self.databases = REAL[server.kind]()
        self.database: Database = database_on(server, "deadlock")
        self.databases.ensure(self.database)
        with self.databases.session(self.database) as session:
            session.execute("CREATE TABLE seats (id INTEGER PRIMARY KEY, sold INTEGER)")
            session.execute("CREATE TABLE tries (id INTEGER PRIMARY KEY AUTO_INCREMENT)")
            session.execute("INSERT INTO seats SELECT seq, 0 FROM seq_1_to_10")
        admin = server.admin
        self.place: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "user": admin.user,
            "password": admin.password.reveal(),
            "database": self.database.name,
        }

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(pymysql.connect(**self.place)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return [*cursor.fetchall()]


def in_a_deadlock(shop: Shop, work: Callable[[], Ran]) -> Ran:
    """Let the work wait for a transaction that then waits for it; return what it returns.

    InnoDB ends the transaction that has changed fewer rows, which is the work.
    """
    with (
        ThreadPoolExecutor(1) as pool,
        closing(pymysql.connect(**shop.place)) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("UPDATE seats SET sold = sold + 1 WHERE id = 1")
        cursor.execute("UPDATE seats SET sold = sold + 1 WHERE id > 2")
        done = pool.submit(work)
        until(lambda: shop.ask(WAITS) == [(1,)], "the work does not wait")
        cursor.execute("UPDATE seats SET sold = sold + 1 WHERE id = 2")
        other.commit()
        return done.result()


def test_a_part_that_a_real_deadlock_ends_is_run_again(
    mariadb: DatabaseHost, tmp_path: Path
) -> None:
    shop = Shop(mariadb)
    text = program([Part(SELL, "sell", shop.place)], stop=True)

    with empty_service_shell(tmp_path) as shell:
        ran = in_a_deadlock(shop, lambda: shell.ask(text, timeout=60.0))

    assert results(ran.output) == [{"result": None}]
    assert shop.ask("SELECT count(*) FROM tries") == [(2,)]
    assert shop.ask("SELECT sold, count(*) FROM seats GROUP BY sold ORDER BY sold") == [
        (1, 8),
        (2, 2),
    ]
    shop.databases.drop(shop.database)
