"""Queries that look for words: match, match_phrase, multi_match."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from rehearsal.search.lookups import Scope, Scores, having, quoted, words
from rehearsal.search.queries import boosted, one_field, query
from rehearsal.search.refusals import Refused, malformed, mapping_of, only, unspoken

WORDS = re.compile(r"\w+")
MATCH = ("operator", "boost", "lenient")


def match_field(scope: Scope, field: str, text: object, *, kind: str, operator: str) -> Scores:
    """`kind` is `match`, `phrase` or `phrase_prefix`."""
    definition = scope.fields.get(field)
    if definition is None:
        return {}
    if definition["type"] != "text":
        return having(scope, field, [text])
    found = WORDS.findall(str(text))
    if not found:
        return {}
    if kind == "match":
        return words(scope, field, f" {operator.upper()} ".join(map(quoted, found)))
    phrase = quoted(" ".join(found))
    return words(scope, field, f"{phrase} *" if kind == "phrase_prefix" else phrase)


def operator_of(options: dict[str, Any]) -> str:
    operator = str(options.get("operator", "or")).lower()
    if operator not in {"or", "and"}:
        raise malformed(f"operator must be [or] or [and], not [{operator}]")
    return operator


@query("match")
def match(scope: Scope, given: object) -> Scores:
    field, text, options = one_field(given, "match", "query", MATCH)
    scores = match_field(scope, field, text, kind="match", operator=operator_of(options))
    return boosted(scores, options)


@query("match_phrase")
def match_phrase(scope: Scope, given: object) -> Scores:
    field, text, options = one_field(given, "match_phrase", "query", ("boost",))
    return boosted(match_field(scope, field, text, kind="phrase", operator="and"), options)


@query("multi_match")
def multi_match(scope: Scope, given: object) -> Scores:
    options = mapping_of(given, "multi_match")
    only(options, ("query", "fields", "type", *MATCH), "multi_match")
    how = options.get("type", "best_fields")
    kinds = {"best_fields": "match", "most_fields": "match"}
    kinds |= {"phrase": "phrase", "phrase_prefix": "phrase_prefix"}
    if how not in kinds:
        raise unspoken(f"type: {how}", "multi_match")
    return boosted(
        in_fields(
            scope,
            weighted(scope, options.get("fields")),
            options.get("query", ""),
            kind=kinds[how],
            operator=operator_of(options),
            best=how != "most_fields",
        ),
        options,
    )


def in_fields(
    scope: Scope,
    fields: Iterable[tuple[str, float]],
    text: object,
    *,
    kind: str,
    operator: str,
    best: bool = True,
) -> Scores:
    """What matches in any of the fields, with the best of the scores, or else their sum."""
    found: Scores = {}
    for field, weight in fields:
        # A number or date cannot be what a text asks for, unless it is one.
        try:
            scores = match_field(scope, field, text, kind=kind, operator=operator)
        except Refused:
            continue
        for number, score in scores.items():
            before = found.get(number, 0.0)
            found[number] = max(before, score * weight) if best else before + score * weight
    return found


def weighted(scope: Scope, given: object) -> list[tuple[str, float]]:
    """The fields that are named, as `title`, `title^2` or `title.*`; else all that are there."""
    wanted = [given] if isinstance(given, str) else given if isinstance(given, list) else ["*"]
    found: dict[str, float] = {}
    for entry in wanted or ["*"]:
        name, _, weight = str(entry).partition("^")
        names = [field for field in scope.fields if fnmatchcase(field, name)]
        found |= dict.fromkeys(names, float(weight or 1))
    return list(found.items())
