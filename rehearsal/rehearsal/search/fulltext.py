"""Queries that look for words: match, match_phrase, multi_match."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from rehearsal.search import analysis
from rehearsal.search.lookups import Scope, Scores, having, quoted, words
from rehearsal.search.queries import boosted, one_field, query
from rehearsal.search.refusals import Refused, malformed, mapping_of, only, unsupported

MATCH = ("operator", "boost", "lenient")


def match_field(scope: Scope, field: str, text: object, *, kind: str, operator: str) -> Scores:
    """Return the documents whose field matches; `kind` is match, phrase or phrase_prefix."""
    definition = scope.fields.get(field)
    if definition is None:
        return {}
    if definition["type"] != "text":
        return having(scope, field, [text])
    terms = analysis.terms(str(text), definition)
    if not terms:
        return {}
    if kind == "match":
        return words(scope, field, f" {operator.upper()} ".join(map(quoted, terms)))
    phrase = quoted(" ".join(terms))
    return words(scope, field, f"{phrase} *" if kind == "phrase_prefix" else phrase)


def operator_of(options: dict[str, Any]) -> str:
    operator = str(options.get("operator", "or")).lower()
    if operator not in {"or", "and"}:
        raise malformed(f"operator must be [or] or [and], not [{operator}]")
    return operator


@query("match")
def match(scope: Scope, content: object) -> Scores:
    field, text, options = one_field(content, "match", "query", MATCH)
    scores = match_field(scope, field, text, kind="match", operator=operator_of(options))
    return boosted(scores, options)


@query("match_phrase")
def match_phrase(scope: Scope, content: object) -> Scores:
    field, text, options = one_field(content, "match_phrase", "query", ("boost",))
    return boosted(match_field(scope, field, text, kind="phrase", operator="and"), options)


@query("multi_match")
def multi_match(scope: Scope, content: object) -> Scores:
    options = mapping_of(content, "multi_match")
    only(options, ("query", "fields", "type", *MATCH), "multi_match")
    how = options.get("type", "best_fields")
    kinds = {"best_fields": "match", "most_fields": "match"}
    kinds |= {"phrase": "phrase", "phrase_prefix": "phrase_prefix"}
    if how not in kinds:
        raise unsupported(f"type: {how}", "multi_match")
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
    """Return the matches in any of the fields, with the best of their scores or the sum."""
    total: Scores = {}
    for field, weight in fields:
        # Skip fields of numbers and dates if the text is none.
        try:
            scores = match_field(scope, field, text, kind=kind, operator=operator)
        except Refused:
            continue
        for number, score in scores.items():
            before = total.get(number, 0.0)
            total[number] = max(before, score * weight) if best else before + score * weight
    return total


def weighted(scope: Scope, names: object) -> list[tuple[str, float]]:
    """Return fields and weights for names like `title`, `title^2` or `title.*`; none: all."""
    wanted = [names] if isinstance(names, str) else names if isinstance(names, list) else ["*"]
    weights: dict[str, float] = {}
    for entry in wanted or ["*"]:
        name, _, weight = str(entry).partition("^")
        matching = [field for field in scope.fields if fnmatchcase(field, name)]
        weights |= dict.fromkeys(matching, float(weight or 1))
    return list(weights.items())
