"""Accounts of instances on MySQL and MariaDB, which may connect from every host."""

import re
from collections.abc import Iterator

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from ocim.adapters.databases.mysql_connection import name, rows
from ocim.core.instance import Account, Database

ALL = "ALL PRIVILEGES"
READING = "SELECT, SHOW VIEW"


def users(database: Database) -> Iterator[tuple[Account, str]]:
    """Yield the accounts of a database, each with its privileges there."""
    yield Account(database.user, database.password), ALL
    if database.migrator:
        yield database.migrator, ALL
    if database.reader:
        yield database.reader, READING


def grant(connection: Connection, account: Account, privileges: str, database: str) -> None:
    """Create the account unless it exists, set its password, and give it privileges."""
    password = account.password.reveal()
    rows(connection, "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", account.user, password)
    rows(connection, "ALTER USER %s@'%%' IDENTIFIED BY %s", account.user, password)
    rows(connection, f"GRANT {privileges} ON {_pattern(database)}.* TO %s@'%%'", account.user)


def revoke(connection: Connection, account: Account, database: str) -> None:
    """Take all privileges on a database away. Remove the account if it has none elsewhere."""
    taken = f"REVOKE ALL PRIVILEGES ON {_pattern(database)}.* FROM %s@'%%'"
    try:
        rows(connection, taken, account.user)
    except pymysql.Error as error:
        if error.args[0] not in (ER.NONEXISTING_GRANT, ER.PASSWORD_NO_MATCH):
            raise
    try:
        grants = rows(connection, "SHOW GRANTS FOR %s@'%%'", account.user)
    except pymysql.Error as error:
        if error.args[0] != ER.NONEXISTING_GRANT:
            raise
        return  # there is no such account
    if all(text.startswith("GRANT USAGE ON *.*") for (text,) in grants):
        rows(connection, "DROP USER IF EXISTS %s@'%%'", account.user)


def _pattern(database: str) -> str:
    """Return the database's name as GRANT reads it: `_` and `%` would match other names."""
    return name(re.sub(r"([_%\\])", r"\\\1", database)).replace("%", "%%")
