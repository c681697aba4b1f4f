"""Roles of instances on PostgreSQL."""

from contextlib import suppress

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from ocim.adapters.databases.postgresql_connection import Connection
from ocim.core.instance import Account, Database


def ensure_role(connection: Connection, account: Account) -> None:
    """Create the role unless it exists, and set its password.

    The server gets the password's digest only: it would write the password to its log.
    """
    role = Identifier(account.user)
    if not _exists(connection, account.user):
        connection.execute(SQL("CREATE ROLE {}").format(role))
    digest = connection.pgconn.encrypt_password(
        account.password.reveal().encode(), account.user.encode(), b"scram-sha-256"
    )
    connection.execute(
        SQL("ALTER ROLE {} LOGIN NOSUPERUSER PASSWORD {}").format(role, Literal(digest.decode()))
    )
    # Without this, an administrator who is no superuser could give the role no database.
    connection.execute(SQL("GRANT {} TO CURRENT_USER").format(role))


def open_to(connection: Connection, database: Database) -> None:
    """Let nobody connect to the database but its accounts.

    The migrating account acts as the database's owner there, so that this owns all tables.
    """
    name, owner = Identifier(database.name), Identifier(database.user)
    connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    if database.migrator:
        migrator = Identifier(database.migrator.user)
        connection.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, migrator))
        connection.execute(SQL("GRANT {} TO {}").format(owner, migrator))
        connection.execute(
            SQL("ALTER ROLE {} IN DATABASE {} SET role TO {}").format(migrator, name, owner)
        )
    if database.reader:
        reader = Identifier(database.reader.user)
        connection.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, reader))


def forget_role(connection: Connection, user: str) -> None:
    """Remove the role, unless it has rights on a database."""
    with suppress(psycopg.errors.DependentObjectsStillExist):
        connection.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(user)))


def _exists(connection: Connection, user: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user])
    return found.fetchone() is not None
