"""`_search` and `_count`."""

import json
from fnmatch import fnmatchcase
from typing import Any

from rehearsal.search import aggregations, fulltext, function_score, query_string, suggestions
from rehearsal.search.calls import Call, route
from rehearsal.search.indexes import EXPANSION, Index, resolve, shards
from rehearsal.search.lookups import Scope, Scores
from rehearsal.search.queries import evaluate
from rehearsal.search.refusals import Refused, malformed, only, unsupported, whole_number
from rehearsal.search.sorting import in_order

__all__ = ["fulltext", "function_score", "query_string"]  # their kinds of queries
BODY = (
    *("query", "post_filter", "from", "size", "sort", "aggs", "aggregations", "suggest"),
    *("_source", "track_total_hits", "track_scores", "version"),
)
QUERY = (
    *EXPANSION,
    *("from", "size", "q", "track_total_hits", "search_type", "request_cache"),
    *("preference", "typed_keys", "rest_total_hits_as_int"),
)
MAX_RESULTS = 10_000


def scope_of(call: Call, indexes: list[Index]) -> Scope:
    fields = {path: it for index in indexes for path, it in index.fields.items()}
    return Scope(call.database, tuple(index.name for index in indexes), fields)


def asked(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Return the query in the body or (as `q`) in the address."""
    if "q" in call.query:
        return {"query_string": {"query": call.query["q"]}}
    return body.get("query") or {"match_all": {}}


@route("GET POST", "/_count", [*EXPANSION, "q"], writes=False)
def count_everywhere(call: Call) -> dict[str, Any]:
    return count(call, "_all")


@route("GET POST", "/{index}/_count", [*EXPANSION, "q"], writes=False)
def count(call: Call, index: str) -> dict[str, Any]:
    indexes = resolve(call, index)
    body = call.json()
    only(body, ("query",), "the body of _count")
    matches = evaluate(scope_of(call, indexes), asked(call, body))
    return {"count": len(matches), "_shards": {**shards(len(indexes)), "skipped": 0}}


@route("GET POST", "/_search", QUERY, writes=False)
def search_everywhere(call: Call) -> dict[str, Any]:
    return search(call, "_all")


@route("GET POST", "/{index}/_search", QUERY, writes=False)
def search(call: Call, index: str) -> dict[str, Any]:
    indexes = resolve(call, index)
    body = call.json()
    only(body, BODY, "the body of _search")
    start = whole_number(call.query.get("from", body.get("from", 0)), "from")
    size = whole_number(call.query.get("size", body.get("size", 10)), "size")
    most = min((window(match) for match in indexes), default=MAX_RESULTS)
    if start + size > most:
        raise malformed(
            "Result window is too large, from + size must be less than or equal to: "
            f"[{most}] but was [{start + size}]"
        )
    scope = scope_of(call, indexes)
    scores = evaluate(scope, asked(call, body))
    shown = scores
    if post_filter := body.get("post_filter"):
        kept = evaluate(scope, post_filter)
        shown = {number: score for number, score in scores.items() if number in kept}
    numbers, sort_values = in_order(scope, shown, body.get("sort"))
    page = numbers[start : start + size]
    total = {"value": len(shown), "relation": "eq"}
    as_number = call.flag("rest_total_hits_as_int")
    answer: dict[str, Any] = {
        "took": 0,
        "timed_out": False,
        "_shards": {**shards(len(indexes)), "skipped": 0},
        "hits": {
            "total": len(shown) if as_number else total,
            "max_score": best(shown, sort_values),
            "hits": [
                hit(call, number, shown, sort_values, body.get("_source", True)) for number in page
            ],
        },
    }
    if wanted := body.get("aggs") or body.get("aggregations"):
        answer["aggregations"] = aggregations.of(
            scope, scores, wanted, typed=call.flag("typed_keys")
        )
    if wanted := body.get("suggest"):
        answer["suggest"] = suggestions.of(scope, wanted, typed=call.flag("typed_keys"))
    return answer


def window(index: Index) -> int:
    """Return the number of results that a search of the index may reach."""
    return int(index.settings.get("max_result_window", MAX_RESULTS))


def best(scores: Scores, sort_values: dict[int, list[Any]]) -> float | None:
    return None if sort_values or not scores else max(scores.values())


def hit(
    call: Call,
    number: int,
    scores: Scores,
    sort_values: dict[int, list[Any]],
    wanted: object,
) -> dict[str, Any]:
    row = call.database.execute("SELECT * FROM documents WHERE number = ?", (number,)).fetchone()
    hit: dict[str, Any] = {
        "_index": row["index_name"],
        "_type": "_doc",
        "_id": row["id"],
        "_score": None if sort_values else scores[number],
    }
    if wanted is not False:
        hit["_source"] = part_of(json.loads(row["source"]), wanted)
    if number in sort_values:
        hit["sort"] = sort_values[number]
    return hit


def part_of(source: dict[str, Any], wanted: object) -> dict[str, Any]:
    """Return the part of a document that a search's `_source` selects."""
    if wanted is True:
        return source
    if isinstance(wanted, str | list):
        wanted = {"includes": wanted}
    if not isinstance(wanted, dict):
        raise unsupported(str(wanted), "_source")
    only(wanted, ("includes", "include", "excludes", "exclude"), "_source")
    includes = patterns(wanted.get("includes", wanted.get("include")))
    excludes = patterns(wanted.get("excludes", wanted.get("exclude")))
    return narrowed(source, includes, excludes, "")


def patterns(names: object) -> list[str]:
    if names is None:
        return []
    entries = names if isinstance(names, list) else [names]
    if not all(isinstance(pattern, str) for pattern in entries):
        raise Refused(400, "parsing_exception", "_source takes names")
    return [str(pattern) for pattern in entries]


def narrowed(
    source: dict[str, Any], includes: list[str], excludes: list[str], prefix: str
) -> dict[str, Any]:
    part: dict[str, Any] = {}
    for name, value in source.items():
        path = f"{prefix}{name}"
        if any(fnmatchcase(path, pattern) for pattern in excludes):
            continue
        included = not includes or any(fnmatchcase(path, pattern) for pattern in includes)
        if isinstance(value, dict):
            inner = narrowed(value, [] if included else includes, excludes, f"{path}.")
            if inner or included:
                part[name] = inner
        elif included:
            part[name] = value
    return part
