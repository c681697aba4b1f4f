"""Instance databases on servers of PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from psycopg.sql import SQL, Identifier

from ocim.adapters.databases.postgresql_accounts import (
    accounts_of,
    ensure_owner,
    ensure_role,
    forget_role,
    open_to,
    owner_of,
    take_rights,
)
from ocim.adapters.databases.postgresql_connection import (
    Connection,
    connect,
    exists,
    parameters,
    translated,
)
from ocim.adapters.databases.postgresql_examination import examine
from ocim.adapters.databases.postgresql_exchange import exchange
from ocim.adapters.databases.postgresql_session import PostgresqlSession
from ocim.adapters.databases.scratch import no_database, require_dump, scratches, server_of
from ocim.adapters.databases.tools import Tool, authority_file, private_file, run_tools
from ocim.adapters.programs import of_system
from ocim.core import stopping
from ocim.core.databases import ServerFacts
from ocim.core.errors import TransientError
from ocim.core.instance import Account, Database, DatabaseHost

PACKAGE = "postgresql-client"


class PostgresqlDatabases:
    """Databases of PostgreSQL; each belongs to a role without a login, as which its accounts act.

    So its tables have the same owner whatever account makes them, and survive each of them.
    """

    kind = "postgresql"

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
        """Create the roles with their passwords, and the database with their rights."""
        server = server_of(database)
        own = Account(database.user, database.password)
        with self._as_admin(server) as connection:
            for account in accounts_of(database):
                ensure_role(connection, account)
            ensure_owner(connection, owner_of(database))
            if not exists(connection, database.name):
                # The template without content: its character set need not be the other's.
                connection.execute(
                    SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                        Identifier(database.name), Identifier(owner_of(database))
                    )
                )
            open_to(connection, database)
        if database.reader:
            with translated(server), closing(connect(server, own, database.name)) as connection:
                for right in (
                    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}",
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {}",
                ):
                    connection.execute(SQL(right).format(Identifier(database.reader.user)))

    def drop(self, database: Database) -> None:
        """Remove the database, and the roles that have rights on no other one."""
        self._remove(*scratches(database), database)

    def retire(self, database: Database) -> None:
        """Remove the roles; what they own goes to the database's owner."""
        server = server_of(database)
        with self._as_admin(server) as connection:
            is_there = exists(connection, database.name)
        if is_there:
            with (
                translated(server),
                closing(connect(server, server.admin, database.name)) as connection,
            ):
                for account in accounts_of(database):
                    take_rights(connection, account, owner_of(database))
        with self._as_admin(server) as connection:
            for account in accounts_of(database):
                forget_role(connection, account.user)

    def size(self, database: Database) -> int | None:
        """Return the size of all files of the database, in bytes."""
        with self._as_admin(server_of(database)) as connection:
            row = connection.execute(
                "SELECT pg_database_size(oid) FROM pg_database WHERE datname = %s",
                [database.name],
            ).fetchone()
        return int(row[0]) if row else None

    def session(self, database: Database) -> PostgresqlSession:
        """Open a session that runs statements on a connection of its own."""
        return PostgresqlSession(database, seconds=self._statement_timeout, require=self._require)

    def dump(self, database: Database, path: Path) -> None:
        """Write an archive of the database at one moment; writers need not wait."""
        with self._dumper(database) as dumper, private_file(path) as file:
            reach = partial(self._require, database)
            run_tools(dumper, stdout=file, timeout=self._copy_timeout, reach=reach)

    def restore(self, database: Database, path: Path) -> None:
        """Load the archive into another database, and give that the name of the old one.

        Sessions on the old one are ended.
        """
        require_dump(path)
        with (
            path.open("rb") as file,
            self._replacement(database) as scratch,
            _restorer(scratch) as restorer,
        ):
            reach = partial(self._require, database)
            run_tools(restorer, stdin=file, timeout=self._copy_timeout, reach=reach)

    def copy(self, source: Database, target: Database) -> None:
        """Load the archive while it is written, without a file."""
        with (
            self._dumper(source, compression=0) as dumper,
            self._replacement(target) as scratch,
            _restorer(scratch) as restorer,
        ):
            reach = partial(self._require, source, target)
            run_tools(dumper, restorer, timeout=self._copy_timeout, reach=reach)

    @contextmanager
    def _dumper(self, database: Database, *, compression: int = 1) -> Iterator[Tool]:
        stopping.check()
        self._require(database)
        options = ["--format=custom", f"--compress={compression}", "--no-owner", "--no-privileges"]
        with _tool("pg_dump", database, options) as tool:
            yield tool

    @contextmanager
    def _replacement(self, database: Database) -> Iterator[Database]:
        """Yield an empty database, which takes the place of `database` after the block."""
        stopping.check()
        self.ensure(database)
        new, old = scratches(database)
        try:
            self._remove(new, old)  # an interrupted attempt may have left them
            self.ensure(new)
            yield new
            with self._as_admin(server_of(database)) as connection:
                exchange(connection, new.name, database.name, old.name, self._lock_timeout)
        finally:
            with stopping.clean_up(), suppress(TransientError):  # the doctor lists what is left
                self._remove(new, old)

    def _remove(self, *databases: Database) -> None:
        """Remove databases, and then the roles that have rights on no other one."""
        with self._as_admin(server_of(databases[0])) as connection:
            for database in databases:
                gone = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                connection.execute(gone.format(Identifier(database.name)))
            logins = [account.user for each in databases for account in accounts_of(each)]
            for user in dict.fromkeys([*logins, *map(owner_of, databases)]):
                forget_role(connection, user)

    def _require(self, *databases: Database) -> None:
        """Raise PermanentError if one does not exist, TransientError if its server is away."""
        for database in databases:
            if self.size(database) is None:
                raise no_database(database)

    @contextmanager
    def _as_admin(self, server: DatabaseHost) -> Iterator[Connection]:
        with translated(server), closing(connect(server, server.admin)) as connection:
            milliseconds = round(self._lock_timeout * 1000)
            connection.execute(f"SET lock_timeout = {milliseconds:d}")
            yield connection


def _restorer(database: Database) -> AbstractContextManager[Tool]:
    options = ["--exit-on-error", "--no-owner", "--no-privileges", "--dbname", database.name]
    return _tool("pg_restore", database, options)


@contextmanager
def _tool(program: str, database: Database, options: Sequence[str]) -> Iterator[Tool]:
    """Yield a program of the server on the database, with the database's own account."""
    server, account = server_of(database), Account(database.user, database.password)
    with authority_file(server) as authority:
        values = parameters(server, account, database.name, authority)
        environment = {f"PG{key.upper()}": value for key, value in values.items()}
        yield Tool([of_system(program, package=PACKAGE), "--no-password", *options], environment)
