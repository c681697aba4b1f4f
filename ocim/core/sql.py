"""What a statement does to the transaction that it runs in, as far as its first words tell."""

import re

_FIRST = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(\w*)\s*(?:(?:TRANSACTION|WORK)\s+)?(\w*)",
    re.DOTALL | re.IGNORECASE,
)
BEGINNINGS = frozenset({"BEGIN", "START", "SAVEPOINT"})
COMMITS = frozenset({"COMMIT", "END"})
ROLLBACK = "ROLLBACK"


def begins_transaction(statement: str) -> bool:
    """Return whether the statements after it belong to a transaction that it opens."""
    return _words(statement)[0] in BEGINNINGS


def rolls_back(statement: str) -> bool:
    """Return whether it takes a whole transaction back, and not to a savepoint."""
    first, second = _words(statement)
    return first == ROLLBACK and second != "TO"


def ends_transaction(statement: str) -> bool:
    """Return whether it ends a transaction, one way or the other."""
    return _words(statement)[0] in COMMITS or rolls_back(statement)


def _words(statement: str) -> tuple[str, str]:
    found = _FIRST.match(statement)
    return (found[1].upper(), found[2].upper()) if found else ("", "")
