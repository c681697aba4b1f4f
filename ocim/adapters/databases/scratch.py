"""Parts that both kinds of database servers share."""

from dataclasses import replace
from pathlib import Path

from ocim.core.databases import SCRATCH_SUFFIXES
from ocim.core.errors import PermanentError
from ocim.core.instance import Database, DatabaseHost


def server_of(database: Database) -> DatabaseHost:
    """Return the server that the database is on."""
    if database.server is None:
        raise ValueError(f"{database.name} is on no server")
    return database.server


def scratches(database: Database) -> tuple[Database, Database]:
    """Return the databases for the new and for the old content while a restore goes on."""
    new, old = (replace(database, name=database.name + suffix) for suffix in SCRATCH_SUFFIXES)
    return new, old


def require_dump(path: Path) -> None:
    """Raise PermanentError if the dump does not exist."""
    if not path.exists():
        raise PermanentError(f"There is no dump {path}.")


def no_database(database: Database) -> PermanentError:
    """Return the error for a database that does not exist."""
    return PermanentError(
        f"There is no database {database.name} on {database.host}:{database.port}."
    )
