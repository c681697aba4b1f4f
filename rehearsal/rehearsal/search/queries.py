"""Queries: which documents match, and how well."""

from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.search import analysis, fields
from rehearsal.search.lookups import Scope, Scores, having, quoted, words
from rehearsal.search.refusals import malformed, mapping_of, only, single, unsupported, whole_number

Evaluation = Callable[[Scope, Any], Scores]
KINDS: dict[str, Evaluation] = {}


def query(name: str) -> Callable[[Evaluation], Evaluation]:
    def decorate(evaluation: Evaluation) -> Evaluation:
        KINDS[name] = evaluation
        return evaluation

    return decorate


def evaluate(scope: Scope, body: object) -> Scores:
    """Return the documents in `scope` that match a query."""
    kind, content = single(body, "a query")
    if kind not in KINDS:
        raise unsupported(kind, "queries")
    return KINDS[kind](scope, content)


def boosted(scores: Scores, options: Mapping[str, Any]) -> Scores:
    factor = float(options.get("boost", 1.0))
    return {number: score * factor for number, score in scores.items()}


@query("match_all")
def match_all(scope: Scope, content: object) -> Scores:
    options = mapping_of(content, "match_all")
    only(options, ("boost",), "match_all")
    return boosted(scope.everything(), options)


@query("match_none")
def match_none(_scope: Scope, _given: object) -> Scores:
    return {}


@query("bool")
def boolean(scope: Scope, content: object) -> Scores:
    options = mapping_of(content, "bool")
    only(options, ("must", "should", "filter", "must_not", "minimum_should_match", "boost"), "bool")
    clauses = {
        name: [evaluate(scope, clause) for clause in listed(options.get(name))]
        for name in ("must", "should", "filter", "must_not")
    }
    required = clauses["must"] + clauses["filter"]
    if required:
        numbers = set.intersection(*(set(scores) for scores in required))
    else:
        numbers = set(scope.everything())
    least = options.get("minimum_should_match", 0 if required else min(1, len(clauses["should"])))
    least = whole_number(least, "minimum_should_match")
    matches: Scores = {}
    for number in sorted(numbers):
        liked = [scores[number] for scores in clauses["should"] if number in scores]
        if len(liked) >= least and not any(number in scores for scores in clauses["must_not"]):
            matches[number] = sum(scores[number] for scores in clauses["must"]) + sum(liked)
    return boosted(matches, options)


def listed(clauses: object) -> list[Any]:
    return [] if clauses is None else clauses if isinstance(clauses, list) else [clauses]


@query("term")
def term(scope: Scope, content: object) -> Scores:
    field, value, options = one_field(content, "term", "value", ("boost", "case_insensitive"))
    insensitive = options.get("case_insensitive") is True
    return boosted(having(scope, field, [value], insensitive=insensitive), options)


@query("terms")
def terms(scope: Scope, content: object) -> Scores:
    options = dict(mapping_of(content, "terms"))
    boost = options.pop("boost", 1.0)
    field, wanted = single(options, "terms")
    if not isinstance(wanted, list):
        raise unsupported("a lookup", "terms, which takes a list")
    return boosted(having(scope, field, wanted), {"boost": boost})


@query("range")
def between(scope: Scope, content: object) -> Scores:
    field, options = single(content, "range")
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    only(mapping_of(options, "range"), (*signs, "boost", "format"), "range")
    if options.get("format", "strict_date_optional_time") != "strict_date_optional_time":
        raise unsupported(f"format: {options['format']}", "range")
    definition = scope.fields.get(field)
    if definition is None:
        return {}
    if definition["type"] == "text":
        raise unsupported(f"a text field [{field}]", "range")
    limits = {
        sign: fields.stored(options[name], definition, field)
        for name, sign in signs.items()
        if options.get(name) is not None
    }
    conditions = "".join(f" AND v.value {sign} ?" for sign in limits)
    rows = scope.rows(
        "SELECT DISTINCT d.number FROM documents d JOIN field_values v ON v.document = d.number "
        f"WHERE v.field = ?{conditions}",
        field,
        *limits.values(),
    )
    return boosted({number: 1.0 for (number,) in rows}, options)


@query("prefix")
def prefix(scope: Scope, content: object) -> Scores:
    field, value, options = one_field(content, "prefix", "value", ("boost", "case_insensitive"))
    definition = scope.fields.get(field)
    if definition is None:
        return {}
    if definition["type"] == "text":
        return boosted(words(scope, field, f"{quoted(str(value))} *"), options)
    insensitive = options.get("case_insensitive") is True or analysis.folds(definition)
    start = str(value).lower() if insensitive else str(value)
    column = "lower(v.value)" if insensitive else "v.value"
    rows = scope.rows(
        "SELECT DISTINCT d.number FROM documents d JOIN field_values v ON v.document = d.number "
        f"WHERE v.field = ? AND substr({column}, 1, ?) = ?",
        field,
        len(start),
        start,
    )
    return boosted({number: 1.0 for (number,) in rows}, options)


@query("exists")
def exists(scope: Scope, content: object) -> Scores:
    options = mapping_of(content, "exists")
    only(options, ("field", "boost"), "exists")
    field = str(options.get("field", ""))
    matches: Scores = {}
    for table in ("field_values", "passages"):
        rows = scope.rows(
            f"SELECT DISTINCT d.number FROM documents d JOIN {table} v ON v.document = d.number "
            "WHERE (v.field = ? OR substr(v.field, 1, ?) = ?)",
            field,
            len(field) + 1,
            f"{field}.",
        )
        matches |= {number: 1.0 for (number,) in rows}
    return boosted(matches, options)


@query("nested")
def nested(scope: Scope, content: object) -> Scores:
    """Find as if the objects' fields were fields of the document: all objects count as one."""
    options = mapping_of(content, "nested")
    only(options, ("path", "query", "score_mode", "ignore_unmapped", "boost"), "nested")
    path = str(options.get("path", ""))
    if not any(field.startswith(f"{path}.") for field in scope.fields):
        if options.get("ignore_unmapped") is True:
            return {}
        raise malformed(f"[nested] failed to find nested object under path [{path}]")
    return boosted(evaluate(scope, options.get("query")), options)


def one_field(
    content: object, kind: str, key: str, known: tuple[str, ...]
) -> tuple[str, Any, dict[str, Any]]:
    """Return (field, value, options) of `{field: value}` or `{field: {key: value, …}}`."""
    field, value = single(content, kind)
    if not isinstance(value, dict):
        return field, value, {}
    only(value, (key, *known), kind)
    if key not in value:
        raise malformed(f"[{kind}] on [{field}] needs [{key}]")
    return field, value[key], value
