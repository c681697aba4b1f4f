"""Counts beside the results: terms, and filters around them."""

from datetime import UTC, datetime
from typing import Any

from rehearsal.search.lookups import Scope, Scores
from rehearsal.search.queries import evaluate
from rehearsal.search.refusals import malformed, mapping_of, only, single, unsupported, whole_number

KINDS = ("terms", "filter")
TYPED = {"keyword": "sterms", "double": "dterms", "float": "dterms", "half_float": "dterms"}


def of(scope: Scope, scores: Scores, wanted: object, *, typed: bool) -> dict[str, Any]:
    """Return the aggregations over the matches; with `typed` their names contain their types."""
    results: dict[str, Any] = {}
    for name, body in mapping_of(wanted, "aggs").items():
        definition = dict(mapping_of(body, name))
        inner = definition.pop("aggs", None) or definition.pop("aggregations", None) or {}
        definition.pop("meta", None)
        kind, options = single(definition, f"the aggregation {name}")
        if kind == "filter":
            matching = evaluate(scope, options)
            kept = {number: score for number, score in scores.items() if number in matching}
            result = {"doc_count": len(kept), **of(scope, kept, inner, typed=typed)}
            label = "filter"
        elif kind == "terms":
            if inner:
                raise unsupported(", ".join(inner), f"the terms aggregation {name}")
            label, result = terms(scope, scores, options)
        else:
            raise unsupported(kind, f"aggregations, which are {' and '.join(KINDS)}")
        results[f"{label}#{name}" if typed else name] = result
    return results


def terms(scope: Scope, scores: Scores, definition: object) -> tuple[str, dict[str, Any]]:
    options = mapping_of(definition, "terms")
    only(options, ("field", "size", "order", "min_doc_count", "shard_size"), "a terms aggregation")
    field = str(options.get("field", ""))
    kind = scope.fields.get(field, {"type": "keyword"})["type"]
    if kind == "text":
        raise malformed(
            f"Text fields are not optimised for aggregations. [{field}] is one: "
            "use a keyword field instead"
        )
    counts: dict[Any, int] = {}
    rows = scope.rows(
        "SELECT DISTINCT d.number, v.value FROM documents d "
        "JOIN field_values v ON v.document = d.number WHERE v.field = ?",
        field,
    )
    for number, value in rows:
        if number in scores:
            counts[value] = counts.get(value, 0) + 1
    least = whole_number(options.get("min_doc_count", 1), "min_doc_count")
    ordered = [pair for pair in in_order(counts, options.get("order")) if pair[1] >= max(least, 1)]
    size = whole_number(options.get("size", 10), "size")
    return TYPED.get(kind, "lterms"), {
        "doc_count_error_upper_bound": 0,
        "sum_other_doc_count": sum(count for _, count in ordered[size:]),
        "buckets": [bucket(kind, value, count) for value, count in ordered[:size]],
    }


def in_order(counts: dict[Any, int], order: object) -> list[tuple[Any, int]]:
    """Sort values by `_count` (default: descending) or `_key`; equal counts by key."""
    pairs = sorted(counts.items())
    entries = order if isinstance(order, list) else [order or {"_count": "desc"}]
    for entry in reversed(entries):
        key, direction = single(entry, "order")
        if key not in {"_count", "_key"}:
            raise unsupported(key, "the order of a terms aggregation")
        column = 1 if key == "_count" else 0
        pairs.sort(key=lambda pair, at=column: pair[at], reverse=direction == "desc")  # type: ignore[misc]
    return pairs


def bucket(kind: str, value: Any, count: int) -> dict[str, Any]:
    if kind == "boolean":
        return {"key": value, "key_as_string": "true" if value else "false", "doc_count": count}
    if kind == "date":
        moment = datetime.fromtimestamp(value / 1000, UTC)
        text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"key": value, "key_as_string": text, "doc_count": count}
    return {"key": value, "doc_count": count}
