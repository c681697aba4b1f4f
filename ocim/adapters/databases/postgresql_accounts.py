"""Roles of instances on PostgreSQL."""

from contextlib import suppress

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from ocim.adapters.databases.postgresql_connection import Connection
from ocim.core.databases import SCRATCH_SUFFIXES
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


def accounts_of(database: Database) -> list[Account]:
    """Return the accounts of a database: its own, the migrating and the reading one."""
    own = Account(database.user, database.password)
    return [account for account in (own, database.migrator, database.reader) if account]


def owner_of(database: Database) -> str:
    """Return the role that owns the database. While a restore goes on, all copies have the same."""
    name = database.name
    for suffix in SCRATCH_SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def ensure_owner(connection: Connection, owner: str) -> None:
    """Create the role without a login that owns a database, unless it exists."""
    if not _exists(connection, owner):
        connection.execute(SQL("CREATE ROLE {} NOLOGIN").format(Identifier(owner)))
    connection.execute(SQL("GRANT {} TO CURRENT_USER").format(Identifier(owner)))


def open_to(connection: Connection, database: Database) -> None:
    """Let nobody connect to the database but its accounts. All but the reader act as its owner."""
    name, owner = Identifier(database.name), Identifier(owner_of(database))
    connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for account in accounts_of(database):
        user = Identifier(account.user)
        if account == database.reader:
            connection.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, user))
            continue
        connection.execute(SQL("GRANT {} TO {}").format(owner, user))
        connection.execute(
            SQL("ALTER ROLE {} IN DATABASE {} SET role TO {}").format(user, name, owner)
        )


def take_rights(connection: Connection, account: Account, owner: str) -> None:
    """Take the account's rights in the connection's database; what it owns goes to the owner."""
    if _exists(connection, account.user):
        user = Identifier(account.user)
        connection.execute(SQL("REASSIGN OWNED BY {} TO {}").format(user, Identifier(owner)))
        connection.execute(SQL("DROP OWNED BY {}").format(user))
        connection.execute(SQL("REVOKE {} FROM {}").format(Identifier(owner), user))


def forget_role(connection: Connection, user: str) -> None:
    """Remove the role, unless it has rights on a database or acts as the owner of one."""
    acts = connection.execute(
        "SELECT 1 FROM pg_auth_members JOIN pg_database ON datdba = roleid"
        " JOIN pg_roles ON pg_roles.oid = member WHERE rolname = %s",
        [user],
    )
    if acts.fetchone():
        return
    with suppress(psycopg.errors.DependentObjectsStillExist):
        connection.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(user)))


def _exists(connection: Connection, user: str) -> bool:
    result = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user])
    return result.fetchone() is not None
