"""Lookups in the words of the database: every database compares alike, within a time limit."""

import re
from typing import Any

from django.db import connection

from ocim.operations.rollouts.lookup_values import Comparison

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

    SQLite's `LIKE` ignores the case of ASCII letters, always, and of no others. Python's regular
    expressions, which Django lends it, do just what is asked for.
    """
    form = _ON_SQLITE.get(lookup.comparison) if connection.vendor == "sqlite" else None
    if form is None:
        return f"{lookup.path}__{lookup.comparison}", value
    regex = "iregex" if lookup.comparison.startswith("i") else "regex"
    return f"{lookup.path}__{regex}", form.format(re.escape(value))
