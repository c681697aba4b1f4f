"""Order of results."""

from typing import Any

from rehearsal.search.lookups import Scope, Scores
from rehearsal.search.refusals import malformed, only, single, unsupported

OPTIONS = ("order", "missing", "unmapped_type", "mode")


def in_order(
    scope: Scope, scores: Scores, wanted: object
) -> tuple[list[int], dict[int, list[Any]]]:
    """Return document numbers in the order of `sort` (default: best first), and sort values."""
    keys = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    if not keys or keys == ["_score"]:
        return sorted(scores, key=lambda number: (-scores[number], number)), {}
    numbers = sorted(scores)
    shown: dict[int, list[Any]] = {number: [] for number in numbers}
    columns = [column(scope, scores, key) for key in keys]
    for values, _, _ in columns:
        for number in numbers:
            shown[number].append(values.get(number))
    # Sort by the last key first: sorting is stable.
    for values, descending, missing_first in reversed(columns):
        present = [number for number in numbers if number in values]
        absent = [number for number in numbers if number not in values]
        present.sort(key=lambda number, of=values: of[number], reverse=descending)  # type: ignore[misc]
        numbers = absent + present if missing_first else present + absent
    return numbers, shown


def column(scope: Scope, scores: Scores, key: object) -> tuple[dict[int, Any], bool, bool]:
    """Return (value by document, if descending, if documents without a value come first)."""
    name, options = (key, {}) if isinstance(key, str) else single(key, "sort")
    if isinstance(options, str):
        options = {"order": options}
    only(options, OPTIONS, f"the sort by {name}")
    order = options.get("order", "desc" if name == "_score" else "asc")
    if order not in {"asc", "desc"}:
        raise malformed(f"order must be [asc] or [desc], not [{order}]")
    missing = options.get("missing", "_last")
    if missing not in {"_last", "_first"}:
        raise unsupported(f"missing: {missing}", "sort")
    descending = order == "desc"
    if options.get("mode", "max" if descending else "min") != ("max" if descending else "min"):
        raise unsupported(f"mode: {options['mode']}", "sort")
    return values_of(scope, scores, name, options, descending), descending, missing == "_first"


def values_of(
    scope: Scope, scores: Scores, name: str, options: dict[str, Any], descending: bool
) -> dict[int, Any]:
    if name == "_score":
        return dict(scores)
    if name == "_doc":
        return {number: number for number in scores}
    if name == "_id":
        return dict(scope.rows("SELECT d.number, d.id FROM documents d WHERE 1 = 1"))
    definition = scope.fields.get(name)
    if definition is None:
        if "unmapped_type" in options:
            return {}
        raise malformed(f"No mapping found for [{name}] in order to sort on")
    if definition["type"] == "text":
        raise malformed(
            f"Text fields are not optimised for operations like sorting. [{name}] is one: "
            "use a keyword field instead"
        )
    rows = scope.rows(
        "SELECT d.number, (SELECT "
        f"{'max' if descending else 'min'}(value) FROM field_values WHERE document = d.number "
        "AND field = ?) AS value FROM documents d WHERE value IS NOT NULL",
        name,
    )
    return {number: value for number, value in rows if number in scores}
