"""The query `function_score`, which gives other scores to the documents of another query."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.search import dates, fields
from rehearsal.search.lookups import Scope, Scores
from rehearsal.search.queries import boosted, evaluate, query
from rehearsal.search.refusals import malformed, mapping_of, only, single, unsupported

OPTIONS = ("query", "functions", "boost", "boost_mode", "score_mode", "max_boost", "min_score")
DECAYS: Mapping[str, Callable[[float, float, float], float]] = {
    "gauss": lambda far, scale, decay: math.exp(math.log(decay) * (far / scale) ** 2),
    "exp": lambda far, scale, decay: math.exp(math.log(decay) * far / scale),
    "linear": lambda far, scale, decay: max(0.0, 1 - far * (1 - decay) / scale),
}
"""Factors for a value that is `far` from the origin; at `scale` each is `decay`."""
MODES: Mapping[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "multiply": math.prod,
    "avg": lambda values: math.fsum(values) / len(values),
    "max": max,
    "min": min,
    "first": lambda values: values[0],
    "replace": lambda values: values[-1],
}


@query("function_score")
def function_score(scope: Scope, content: object) -> Scores:
    options = mapping_of(content, "function_score")
    only(options, OPTIONS, "function_score")
    scores = evaluate(scope, options.get("query") or {"match_all": {}})
    try:
        return scored(scope, scores, options)
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"failed to parse [function_score]: {error!r}") from error


def scored(scope: Scope, base: Scores, options: dict[str, Any]) -> Scores:
    """Return the scores, changed by the functions of the query."""
    factors = [
        factor_of(scope, mapping_of(entry, "functions")) for entry in options.get("functions", [])
    ]
    combine = mode(options, "score_mode", "multiply")
    join = mode(options, "boost_mode", "multiply")
    most = float(options.get("max_boost", math.inf))
    scores: Scores = {}
    for number, score in base.items():
        own = [factor[number] for factor in factors if number in factor]
        scores[number] = join([score, min(combine(own), most)]) if own else score
    least = float(options.get("min_score", -math.inf))
    scores = boosted(scores, options)
    return {number: score for number, score in scores.items() if score >= least}


def mode(options: Mapping[str, Any], name: str, default: str) -> Callable[[list[float]], float]:
    """Return the function that combines scores."""
    chosen = str(options.get(name, default))
    unknown = {"score_mode": "replace", "boost_mode": "first"}[name]
    if chosen not in MODES or chosen == unknown:
        raise malformed(f"illegal {name} [{chosen}]")
    return MODES[chosen]


def factor_of(scope: Scope, definition: dict[str, Any]) -> Scores:
    """Return a function's factor by document; documents without one are left as they are."""
    only(definition, ("filter", "weight", *DECAYS), "a function")
    matching = evaluate(scope, definition.get("filter") or {"match_all": {}})
    weight = float(definition.get("weight", 1.0))
    kind = next((name for name in DECAYS if name in definition), None)
    if kind is None:
        return dict.fromkeys(matching, weight)
    far = distances(scope, kind, definition[kind])
    return {number: weight * far.get(number, 1.0) for number in matching}


def distances(scope: Scope, kind: str, content: object) -> Scores:
    """Return the decay of a field's values by document."""
    field, body = single(content, kind)
    options = mapping_of(body, field)
    only(options, ("origin", "scale", "offset", "decay"), f"{kind} of {field}")
    definition = scope.fields.get(field)
    if definition is None:
        return {}
    if definition["type"] not in {"date", *fields.NUMBERS}:
        raise unsupported(f"{kind} of [{field}], which is neither date nor number", "functions")
    is_date = definition["type"] == "date"
    measure = dates.duration if is_date else float
    origin = float(fields.stored(options.get("origin", "now"), definition, field))
    scale, offset = measure(options["scale"]), measure(options.get("offset", 0))
    decay = float(options.get("decay", 0.5))
    rows = scope.rows(
        "SELECT d.number, v.value FROM documents d JOIN field_values v ON v.document = d.number "
        "WHERE v.field = ?",
        field,
    )
    return {
        number: DECAYS[kind](max(0.0, abs(value - origin) - offset), scale, decay)
        for number, value in rows
    }
