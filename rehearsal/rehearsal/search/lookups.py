"""Lookups in fields: of whole values, and of words in texts."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rehearsal.search import analysis, fields

Scores = dict[int, float]
"""Scores of matching documents, by document number."""


@dataclass(frozen=True)
class Scope:
    """Scope of a search: indexes, and all their fields."""

    database: sqlite3.Connection
    indexes: tuple[str, ...]
    fields: fields.Definitions

    def rows(self, statement: str, *parameters: Any) -> Iterable[Any]:
        """Return the rows of a SELECT over `documents d`, narrowed to the scope."""
        marks = ", ".join("?" * len(self.indexes))
        return self.database.execute(
            f"{statement} AND d.index_name IN ({marks}) ORDER BY d.number",
            (*parameters, *self.indexes),
        )

    def everything(self) -> Scores:
        return {
            number: 1.0 for (number,) in self.rows("SELECT d.number FROM documents d WHERE 1 = 1")
        }


def having(scope: Scope, field: str, wanted: list[Any], *, insensitive: bool = False) -> Scores:
    """Return the documents with one of the values in a field."""
    if field == "_id":
        marks = ", ".join("?" * len(wanted))
        rows = scope.rows(
            f"SELECT d.number FROM documents d WHERE d.id IN ({marks})",
            *map(str, wanted),
        )
        return {number: 1.0 for (number,) in rows}
    definition = scope.fields.get(field)
    if definition is None:
        return {}
    if definition["type"] == "text":
        # Values are compared with words, which are in lower case.
        lowered = [str(value) for value in wanted if insensitive or str(value).islower()]
        return words(scope, field, " OR ".join(map(quoted, lowered)))
    folded = insensitive or analysis.folds(definition)
    kept = [fields.stored(value, definition, field) for value in wanted]
    column = "lower(v.value)" if insensitive else "v.value"
    marks = ", ".join("?" * len(kept))
    rows = scope.rows(
        "SELECT DISTINCT d.number FROM documents d JOIN field_values v ON v.document = d.number "
        f"WHERE v.field = ? AND {column} IN ({marks})",
        field,
        *(value.lower() if folded and isinstance(value, str) else value for value in kept),
    )
    return {number: 1.0 for (number,) in rows}


def words(scope: Scope, field: str, expression: str) -> Scores:
    """Return the documents with a passage in `field` that matches an FTS5 expression."""
    if not expression:
        return {}
    rows = scope.rows(
        "SELECT d.number, -bm25(words) FROM words JOIN passages p ON p.number = words.rowid "
        "JOIN documents d ON d.number = p.document WHERE words MATCH ? AND p.field = ?",
        expression,
        field,
    )
    scores: Scores = {}
    for number, score in rows:
        scores[number] = max(score, scores.get(number, 0.0))
    return scores


def quoted(text: str) -> str:
    """Return the text as a phrase of FTS5."""
    return '"' + text.replace('"', '""') + '"'
