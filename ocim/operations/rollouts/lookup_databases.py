"""Lookups in the words of the database: every database compares alike, within a time limit."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, models, transaction

from ocim.operations.rollouts.lookup_kinds import Refused
from ocim.operations.rollouts.lookup_values import PATTERNS, Comparison

QUERY_SECONDS = 10
"""Time limit of a query with a regular expression on PostgreSQL."""

_ON_SQLITE = {
    "iexact": r"\A{}\Z",
    "contains": "{}",
    "icontains": "{}",
    "startswith": r"\A{}",
    "istartswith": r"\A{}",
    "endswith": r"{}\Z",
    "iendswith": r"{}\Z",
}


def on_this_database(lookup: Comparison, value: Any) -> tuple[str, Any]:
    """Return the lookup and its value so that every database compares alike.

    SQLite's `LIKE` ignores the case of ASCII letters, always, and of no others. Regular expressions
    (`ocim.project.patterns`) do just what is asked for.
    """
    form = _ON_SQLITE.get(lookup.comparison) if connection.vendor == "sqlite" else None
    if form is None:
        return f"{lookup.path}__{lookup.comparison}", value
    regex = "iregex" if lookup.comparison.startswith("i") else "regex"
    return f"{lookup.path}__{regex}", form.format(re.escape(value))


def try_out(lookup: Comparison, rows: models.QuerySet[Any], raw: str) -> None:
    """Run the query. Raise Refused if it searches for a regular expression for too long.

    `raw` is the value as the operator wrote it. Every row is read, so that a narrower query with
    the same lookup is in time, too.
    """
    if lookup.comparison not in PATTERNS:
        rows.exists()
        return
    try:
        with _limited():
            rows.count()
    except OperationalError:
        raise Refused(
            f"{raw} takes too long to search for. Write it without alternatives or repetitions"
            " within a repetition, such as (a|aa)+."
        ) from None


@contextmanager
def _limited() -> Iterator[None]:
    """Limit the time of queries in the block on PostgreSQL; SQLite's function has its own limit."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{QUERY_SECONDS}s"])
        yield
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
