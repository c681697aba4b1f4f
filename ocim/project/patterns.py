"""Regular expressions on SQLite, which has none: a function that ends within a time limit.

Django's own function has no limit. Python's `re` searches for `(a+)+$` in 40 letters for hours, and
nothing can interrupt it in a command or a web process.
"""

from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

SEARCH_SECONDS = 1.0
"""Time limit of the search in one value."""


@receiver(connection_created, dispatch_uid="ocim.project.patterns")
def add_regexp(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Replace the function of `REGEXP`, which is `(pattern, value)`, on a new connection."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("regexp", 2, _search, deterministic=True)


def _search(pattern: str | None, value: object) -> bool | None:
    """Return True if the value matches; None is SQL's null. Raise TimeoutError after the limit."""
    if pattern is None or value is None:
        return None
    return bool(_compiled(pattern).search(str(value), timeout=SEARCH_SECONDS))


@lru_cache
def _compiled(pattern: str) -> Any:
    import regex  # as `re`, with a time limit

    return regex.compile(pattern)
