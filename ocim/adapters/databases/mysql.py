"""Instance databases on servers of MySQL or MariaDB."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from pymysql.connections import Connection

from ocim.adapters.databases.mysql_accounts import grant, revoke, users
from ocim.adapters.databases.mysql_connection import (
    connect,
    name,
    rows,
    translated,
)
from ocim.adapters.databases.mysql_examination import examine
from ocim.adapters.databases.mysql_session import MysqlSession
from ocim.adapters.databases.mysql_tables import exchange, require_no_triggers, views
from ocim.adapters.databases.scratch import no_database, require_dump, scratches, server_of
from ocim.adapters.databases.tools import Tool, authority_file, private_file, run_tools
from ocim.adapters.programs import of_system
from ocim.core import stopping
from ocim.core.databases import ServerFacts
from ocim.core.errors import TransientError
from ocim.core.instance import Account, Database, DatabaseHost

PACKAGE = "mariadb-client"


class MysqlDatabases:
    """Databases of MySQL or MariaDB, in `utf8mb4`; each account has rights on its own alone."""

    kind = "mysql"

    def __init__(
        self,
        *,
        lock_timeout: float = 5.0,
        statement_timeout: float = 600.0,
        copy_timeout: float = 3600.0,
    ) -> None:
        """Set the time limits, in seconds."""
        self._lock_timeout = lock_timeout
        self._statement_timeout = statement_timeout
        self._copy_timeout = copy_timeout

    def examine(self, server: DatabaseHost) -> ServerFacts:
        """Return the server's version, sizes and connections, and what should be otherwise."""
        with self._as_admin(server) as connection:
            return examine(connection)

    def ensure(self, database: Database) -> None:
        """Create the database, and the accounts with their passwords and rights."""
        with self._as_admin(server_of(database)) as connection:
            rows(
                connection,
                f"CREATE DATABASE IF NOT EXISTS {name(database.name)} CHARACTER SET utf8mb4",
            )
            for account, privileges in users(database):
                grant(connection, account, privileges, database.name)

    def drop(self, database: Database) -> None:
        """Remove the database, and the accounts that have rights on no other one."""
        self._remove(*scratches(database), database)

    def retire(self, database: Database) -> None:
        """Take the accounts' rights on the database, and remove accounts without others."""
        with self._as_admin(server_of(database)) as connection:
            for account, _ in users(database):
                revoke(connection, account, database.name)

    def size(self, database: Database) -> int | None:
        """Return the size of tables and indexes in bytes, as the server estimates it."""
        with self._as_admin(server_of(database)) as connection:
            [(exists, size)] = rows(
                connection,
                "SELECT (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %s),"
                " (SELECT COALESCE(SUM(data_length + index_length), 0)"
                " FROM information_schema.tables WHERE table_schema = %s)",
                database.name,
                database.name,
            )
        return int(size) if exists else None

    def session(self, database: Database) -> MysqlSession:
        """Open a session that runs statements on a connection of its own."""
        return MysqlSession(database, seconds=self._statement_timeout, require=self._require)

    def dump(self, database: Database, path: Path) -> None:
        """Write the tables as SQL, as they are at one moment; writers need not wait."""
        with self._dumper(database) as dumper, private_file(path) as file:
            reach = partial(self._require, database)
            run_tools(dumper, stdout=file, timeout=self._copy_timeout, reach=reach)

    def restore(self, database: Database, path: Path) -> None:
        """Load the tables into another database, and exchange them in one statement.

        Views and routines stay as they are.
        """
        require_dump(path)
        with (
            path.open("rb") as file,
            self._replacement(database) as scratch,
            _client(scratch) as client,
        ):
            reach = partial(self._require, database)
            run_tools(client, stdin=file, timeout=self._copy_timeout, reach=reach)

    def copy(self, source: Database, target: Database) -> None:
        """Load the tables while they are read, without a file."""
        with (
            self._dumper(source) as dumper,
            self._replacement(target) as scratch,
            _client(scratch) as client,
        ):
            reach = partial(self._require, source, target)
            run_tools(dumper, client, timeout=self._copy_timeout, reach=reach)

    @contextmanager
    def _dumper(self, database: Database) -> Iterator[Tool]:
        stopping.check()
        self._require(database)
        server, account = server_of(database), Account(database.user, database.password)
        with translated(server), closing(connect(server, account, database.name)) as connection:
            require_no_triggers(connection, database.name)
            ignored = [f"--ignore-table={database.name}.{view}" for view in views(connection)]
        options = ["--single-transaction", "--quick", "--hex-blob", "--skip-add-locks"]
        options += ["--skip-triggers", "--no-tablespaces", "--max-allowed-packet=1G"]
        with _tool("mariadb-dump", database, [*options, *ignored]) as tool:
            yield tool

    @contextmanager
    def _replacement(self, database: Database) -> Iterator[Database]:
        """Yield an empty database; its tables replace those of `database` after the block."""
        stopping.check()
        self.ensure(database)
        new, old = scratches(database)
        try:
            self._remove(new, old)  # an interrupted attempt may have left them
            for scratch in (new, old):
                self.ensure(scratch)
            yield new
            with self._as_admin(server_of(database)) as connection:
                exchange(connection, new.name, database.name, old.name)
        finally:
            with stopping.clean_up(), suppress(TransientError):  # the doctor lists what is left
                self._remove(new, old)

    def _remove(self, *databases: Database) -> None:
        """Remove databases, each with the rights on it, and the accounts that have no others."""
        with self._as_admin(server_of(databases[0])) as connection:
            for database in databases:
                rows(connection, f"DROP DATABASE IF EXISTS {name(database.name)}")
                for account, _ in users(database):
                    revoke(connection, account, database.name)

    def _require(self, *databases: Database) -> None:
        """Raise PermanentError if one does not exist, TransientError if its server is away."""
        for database in databases:
            if self.size(database) is None:
                raise no_database(database)

    @contextmanager
    def _as_admin(self, server: DatabaseHost) -> Iterator[Connection]:
        with translated(server), closing(connect(server, server.admin)) as connection:
            rows(connection, f"SET SESSION lock_wait_timeout = {max(1, round(self._lock_timeout))}")
            yield connection


def _client(database: Database) -> AbstractContextManager[Tool]:
    # Binary mode: the client runs no commands of its own that a dump may contain, such as `\\!`.
    return _tool("mariadb", database, ["--binary-mode", "--max-allowed-packet=1G"])


@contextmanager
def _tool(program: str, database: Database, options: Sequence[str]) -> Iterator[Tool]:
    """Yield a program of the server on the database, with the database's own account."""
    server = server_of(database)
    with authority_file(server) as authority:
        verify = ["--ssl-verify-server-cert", f"--ssl-ca={authority}"]
        yield Tool(
            [
                of_system(program, package=PACKAGE),
                "--no-defaults",
                f"--host={server.host}",
                f"--port={server.port}",
                f"--user={database.user}",
                "--default-character-set=utf8mb4",
                *(verify if server.tls else ["--skip-ssl-verify-server-cert"]),
                *options,
                database.name,
            ],
            {"MYSQL_PWD": database.password.reveal()},
        )
