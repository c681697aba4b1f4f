"""Lists of SQL statements that people write: each item is one statement."""

import sqlparse

from ocim.parsing.faults import Place, refuse
from ocim.parsing.yaml_text import parse

SHOWN = 40
"""Characters of a statement that say which one is meant."""
REMEDY = 'Write each on a line of its own, after a dash: - "UPDATE …;"'


def read_statements(text: str, *, where: str) -> list[str]:
    """The statements of a YAML list.

    ValidationError names every item that is none, or is several.
    """
    document = parse(text)
    if not document.faults:
        if not isinstance(document.value, list) or not document.value:
            document.fault(Place(), f"must be a list of SQL statements, and is none. {REMEDY}")
            document.value = []
        for number, item in enumerate(document.value):
            if said := fault_of(item):
                document.fault(document.places[(number,)], said)
    refuse(document.faults, where=where)
    return list(document.value)


def fault_of(item: object) -> str:
    """Return why it is not one statement; empty where it is."""
    if not isinstance(item, str):
        return "this item is no text, and so no SQL statement. Write it in quotes."
    pieces = [one for one in sqlparse.split(item) if _says_something(one)]
    if not pieces:
        return "this item holds no SQL statement. Take it out of the list."
    if len(pieces) > 1:
        second = _beginning(pieces[1])
        return (
            f"this item holds {len(pieces)} SQL statements; the second begins with {second}."
            " Write each as an item of its own: each is run once, and told of by itself."
        )
    return ""


def _says_something(statement: str) -> bool:
    return bool(sqlparse.format(statement, strip_comments=True).strip(" \t\r\n;"))


def _beginning(statement: str) -> str:
    line = " ".join(statement.split())
    return f"'{line}'" if len(line) <= SHOWN else f"'{line[:SHOWN]}…'"
