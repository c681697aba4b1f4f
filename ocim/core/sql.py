"""Effects of SQL statements on transactions, recognized by their first words."""

import re

_FIRST = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(\w*)\s*(?:(?:TRANSACTION|WORK)\s+)?(\w*)",
    re.DOTALL | re.IGNORECASE,
)
_OF_MIGRATIONS = re.compile(
    r"\bINSERT\s+(?:IGNORE\s+)?INTO\s+[`\"]?django_migrations[`\"]?\s*\(([^)]*)\)", re.IGNORECASE
)
BEGINNINGS = frozenset({"BEGIN", "START", "SAVEPOINT"})
COMMITS = frozenset({"COMMIT", "END"})
ROLLBACK = "ROLLBACK"


def begins_transaction(statement: str) -> bool:
    """Return True if the statement opens a transaction."""
    return _words(statement)[0] in BEGINNINGS


def rolls_back(statement: str) -> bool:
    """Return True if the statement rolls a whole transaction back (not just to a savepoint)."""
    first, second = _words(statement)
    return first == ROLLBACK and second != "TO"


def ends_transaction(statement: str) -> bool:
    """Return True if the statement commits a transaction or rolls it back."""
    return _words(statement)[0] in COMMITS or rolls_back(statement)


def lacks_applied(statement: str) -> bool:
    """Return True if the statement marks a migration as applied without saying when.

    Strict database servers refuse such a row.
    """
    columns = _OF_MIGRATIONS.search(statement)
    return columns is not None and "applied" not in columns[1].lower()


def _words(statement: str) -> tuple[str, str]:
    match = _FIRST.match(statement)
    return (match[1].upper(), match[2].upper()) if match else ("", "")
