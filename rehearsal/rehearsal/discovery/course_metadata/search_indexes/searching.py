"""Queries to the search server."""

from collections.abc import Mapping
from typing import Any

from elasticsearch_dsl import SF, Q, Search
from elasticsearch_dsl.query import FunctionScore

from rehearsal.discovery.core.partners import partner
from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from rehearsal.discovery.course_metadata.search_indexes.documents import Kind, alias_of

MAX_FOUND = 10_000
# Fields that parameters of a request may name, to narrow the results.
FILTERS = (
    *("content_type", "key", "org", "organizations", "type", "status", "availability"),
    *("pacing_type", "seat_types", "mobile_available"),
)
# Fields that are searched for words without a field.
WORDS = ("title^3", "short_description", "subtitle", "key.text", "organizations.text", "number")
FACETS = ("content_type", "organizations", "availability", "pacing_type", "type", "seat_types")


# What comes first among the results of a search for words.
FAVOURED: list[Any] = [
    SF({"filter": Q("term", pacing_type="self_paced"), "weight": 5.0}),
    SF("gauss", start={"origin": "now", "scale": "30d", "decay": 0.95}, weight=5.0),
]


def search_for(text: str, *kinds: Kind, filters: Mapping[str, list[str]] | None = None) -> Search:
    """Return a search for the partner's documents of these kinds that match `text`."""
    search = Search(using=search_server(), index=alias_of(*kinds)).filter(
        "term", partner=partner().short_code
    )
    types = [kind.name.replace("_", "") for kind in kinds]
    search = search.filter("terms", content_type=types)
    for name, values in (filters or {}).items():
        search = search.filter("terms", **{name: values})
    # Hidden runs can be opened by key, but not be found.
    search = search.exclude("term", hidden=True)
    if text and text != "*":
        words = Q("query_string", query=text, fields=list(WORDS), default_operator="AND")
        return search.query(
            FunctionScore(query=words, functions=FAVOURED, score_mode="sum", boost_mode="sum")
        )
    return search.query("match_all").sort({"title.raw": {"unmapped_type": "keyword"}}, "_doc")


def primary_keys(text: str, kind: Kind) -> list[int]:
    """Return the primary keys of the rows of a kind that match `text`."""
    hits = search_for(text, kind).source(False)[:MAX_FOUND].execute()
    return [int(hit.meta.id.rpartition(".")[2]) for hit in hits]


def begun(text: str, kind: Kind, *, size: int) -> list[dict[str, Any]]:
    """Return documents whose title, key or organization has words that begin as in `text`."""
    search = search_for("", kind)
    for word in text.split():
        search = search.query(
            Q("prefix", title=word.lower())
            | Q("prefix", **{"organizations.text": word.lower()})
            | Q("prefix", **{"key.text": word.lower()})
        )
    return [hit.to_dict() for hit in search[:size].execute()]
