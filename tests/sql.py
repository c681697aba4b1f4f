"""SQL on instances' databases."""

from ocim.core.instance import Database
from ocim.ports.databases import Databases


def execute(databases: Databases, database: Database, statement: str) -> int:
    """Run one statement in a session of its own; return how many rows it touched."""
    with databases.session(database) as session:
        return session.execute(statement)
