"""Copies of databases: `.venv/bin/python -m benchmarks.databases [MB]`.

It dumps, restores and copies a database on a MariaDB and a PostgreSQL of its own, in memory where
/dev/shm is large enough. The baseline is the server's own program alone, with the same options,
from and to a file: what is above it is Ocim's part.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from ocim.adapters.databases.mysql import MysqlDatabases, _client  # noqa: E402
from ocim.adapters.databases.postgresql import PostgresqlDatabases, _restorer  # noqa: E402
from ocim.adapters.databases.tools import Tool  # noqa: E402
from ocim.core.instance import Database  # noqa: E402
from tests.contracts.conftest import database_on  # noqa: E402
from tests.mariadb_server import mariadb_server  # noqa: E402
from tests.postgresql_server import postgresql_host, programs  # noqa: E402

ROW = 1000
"""Bytes of a row, without the server's own."""


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def alone(tool: Tool, **streams: Any) -> float:
    """Return how long the program takes by itself."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **tool.environment}
    return seconds(lambda: subprocess.run(tool.argv, env=environment, check=True, **streams))


def measure(databases: Any, one: Database, other: Database, restorer: Any, megabytes: int) -> None:
    databases.ensure(one)
    databases.ensure(other)
    rows = megabytes * 1_000_000 // ROW
    with databases.session(one) as session:
        session.execute("CREATE TABLE number (n INTEGER PRIMARY KEY)")
        values = ", ".join(f"({n})" for n in range(1000))
        session.execute(f"INSERT INTO number VALUES {values}")  # noqa: S608 - numbers
        session.execute("CREATE TABLE course (id INTEGER PRIMARY KEY, text VARCHAR(2000))")
        # Half of each row is as good as random, so that an archive cannot shrink it.
        digests = ", ".join(f"MD5(CONCAT(n, 'x{n}'))" for n in range(ROW // 64))
        text = f"CONCAT({digests}, REPEAT('x', {ROW // 2}))"
        for start in range(0, rows, 1000):
            numbers = f"(SELECT {start} + n AS n FROM number) AS numbers"  # noqa: S608
            session.execute(f"INSERT INTO course SELECT n, {text} FROM {numbers}")  # noqa: S608
    with tempfile.TemporaryDirectory(dir=_roomy()) as directory:
        own, dump = Path(directory) / "own", Path(directory) / "dump"
        with databases._dumper(one) as tool, own.open("wb") as file:
            figures = {"dump, program alone": alone(tool, stdout=file)}
        figures["dump"] = seconds(lambda: databases.dump(one, dump))
        with restorer(other) as tool, dump.open("rb") as file:
            figures["load, program alone"] = alone(tool, stdin=file)
        figures["restore"] = seconds(lambda: databases.restore(other, dump))
        figures["copy"] = seconds(lambda: databases.copy(one, other))
        size = dump.stat().st_size / 1e6
    print(f"{databases.kind}: {megabytes} MB of rows, dump of {size:.0f} MB")
    for what, took in figures.items():
        print(f"  {what:<22} {took:6.2f} s {megabytes / took:7.0f} MB/s")


def _roomy() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def main(megabytes: int) -> None:
    os.environ["PATH"] = f"{programs()}:{os.environ['PATH']}"
    for kind, server, restorer in (
        (MysqlDatabases, mariadb_server, _client),
        (PostgresqlDatabases, postgresql_host, _restorer),
    ):
        with server() as host:
            measure(kind(), database_on(host, "one"), database_on(host, "two"), restorer, megabytes)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
