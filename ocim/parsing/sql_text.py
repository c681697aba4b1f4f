"""Lists of SQL statements, which people write in YAML: each item is one statement."""

import sqlparse

from ocim.parsing.faults import Place, refuse
from ocim.parsing.yaml_text import parse

SHOWN = 40
"""Maximum length of a quoted statement in a fault, in characters."""
REMEDY = 'Write each statement on a line of its own, after a dash: - "UPDATE …;"'


def read_statements(text: str, *, where: str) -> list[str]:
    """Return the statements of a YAML list.

    Raise ValidationError with all faults if an item is not exactly one statement.
    """
    document = parse(text)
    if not document.faults:
        if not isinstance(document.value, list) or not document.value:
            document.fault(Place(), f"must be a list of SQL statements. {REMEDY}")
            document.value = []
        for number, item in enumerate(document.value):
            if fault := fault_of(item):
                document.fault(document.places[(number,)], fault)
    refuse(document.faults, where=where)
    return list(document.value)


def fault_of(item: object) -> str:
    """Return why the item is not exactly one statement; empty if it is."""
    if not isinstance(item, str):
        return "this item is not an SQL statement. Write it in quotes."
    pieces = [piece for piece in sqlparse.split(item) if _is_statement(piece)]
    if not pieces:
        return "this item contains no SQL statement. Remove it from the list."
    if len(pieces) > 1:
        second = _beginning(pieces[1])
        return (
            f"this item contains {len(pieces)} SQL statements; the second starts with {second}."
            " Write each as an item of its own, since Ocim runs and reports each by itself."
        )
    return ""


def _is_statement(statement: str) -> bool:
    return bool(sqlparse.format(statement, strip_comments=True).strip(" \t\r\n;"))


def _beginning(statement: str) -> str:
    line = " ".join(statement.split())
    return f"'{line}'" if len(line) <= SHOWN else f"'{line[:SHOWN]}…'"
