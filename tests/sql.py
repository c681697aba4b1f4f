"""SQL on instances' databases."""

from ocim.core.instance import Database
from ocim.ports.databases import Databases

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c"
"""A query that SQLite never ends."""


def execute(databases: Databases, database: Database, statement: str) -> int:
    """Run one statement in a session of its own; return how many rows it touched."""
    with databases.session(database) as session:
        return session.execute(statement)
