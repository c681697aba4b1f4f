from typing import Any

import pytest
from elasticsearch import RequestError
from elasticsearch_dsl import A, Document, FacetedSearch, Keyword, Q, Search, TermsFacet, Text
from elasticsearch_dsl import Completion as CompletionField

from tests.search.conftest import Server


@pytest.fixture
def fruit(server: Server) -> str:
    return server.index(
        "fruit",
        {"name": "Apple", "colours": ["red", "green"], "weight": 100, "in": {"a": 1, "b": 2}},
        {"name": "Pear", "colours": ["green"], "weight": 120},
        {"name": "Cherry", "colours": ["red"], "weight": 8},
        {"name": "Air"},
        name={"type": "keyword"},
        colours={"type": "keyword"},
        weight={"type": "integer"},
        text={"type": "text"},
    )


@pytest.mark.parametrize(
    "sort, ids",
    [
        ([{"weight": "asc"}], "3124"),
        ([{"weight": {"order": "desc"}}], "2134"),
        ([{"weight": {"order": "asc", "missing": "_first"}}], "4312"),
        (["name"], "4132"),
        ([{"colours": "desc"}, {"name": "asc"}], "1324"),
        (["_doc"], "1234"),
        ([{"nowhere": {"order": "asc", "unmapped_type": "long"}}, {"name": "asc"}], "4132"),
    ],
)
def test_results_come_in_the_order_asked_for(
    sort: Any, ids: str, server: Server, fruit: str
) -> None:
    assert server.ids(fruit, sort=sort) == list(ids)


@pytest.mark.parametrize("sort", [["text"], ["nowhere"], [{"weight": {"nested": {}}}]])
def test_what_cannot_be_sorted_by_is_refused(sort: Any, server: Server, fruit: str) -> None:
    with pytest.raises(RequestError):
        server.client.search(index=fruit, sort=sort)


def test_results_come_in_pages_and_are_all_counted(server: Server, fruit: str) -> None:
    page = server.client.search(index=fruit, sort=["name"], from_=1, size=2)
    assert [hit["_id"] for hit in page["hits"]["hits"]] == ["1", "3"]
    assert page["hits"]["total"] == {"value": 4, "relation": "eq"}
    with pytest.raises(RequestError, match="Result window is too large"):
        server.client.search(index=fruit, from_=10_000)


@pytest.mark.parametrize(
    "wanted, found",
    [
        (False, None),
        (["name"], {"name": "Apple"}),
        ({"includes": ["in.*", "name"], "excludes": ["in.b"]}, {"name": "Apple", "in": {"a": 1}}),
    ],
)
def test_a_part_of_a_document_can_be_asked_for(
    wanted: Any, found: Any, server: Server, fruit: str
) -> None:
    answer = server.client.search(index=fruit, query={"term": {"_id": "1"}}, _source=wanted)
    assert answer["hits"]["hits"][0].get("_source") == found


def test_values_are_counted(server: Server, fruit: str) -> None:
    search = Search(using=server.client, index=fruit).query(Q("exists", field="weight"))
    search.aggs.bucket("colours", A("terms", field="colours"))
    search.aggs.bucket("light", A("filter", Q("range", weight={"lt": 110}))).bucket(
        "names", A("terms", field="name", size=1, order={"_key": "desc"})
    )
    result = search[0:0].execute()
    buckets = [(bucket.key, bucket.doc_count) for bucket in result.aggregations.colours.buckets]
    assert buckets == [("green", 2), ("red", 2)]
    assert result.aggregations.light.doc_count == 2
    assert [bucket.key for bucket in result.aggregations.light.names.buckets] == ["Cherry"]
    assert result.aggregations.light.names.sum_other_doc_count == 1


def test_a_filter_after_the_counting_does_not_change_the_counts(server: Server, fruit: str) -> None:
    class Fruit(FacetedSearch):  # type: ignore[misc]
        index = fruit
        facets = {"colours": TermsFacet(field="colours")}  # noqa: RUF012

    result = Fruit(filters={"colours": "green"})
    result._s = result._s.using(server.client)
    answer = result.execute()
    assert sorted(hit.meta.id for hit in answer) == ["1", "2"]
    assert answer.facets.colours == [("green", 2, True), ("red", 2, False)]


def test_a_document_class_makes_its_index_and_finds_itself_again(server: Server) -> None:
    class Course(Document):  # type: ignore[misc]
        title = Text(fields={"raw": Keyword()})
        suggest = CompletionField()

        class Index:
            name = server.name("document")
            settings = {"number_of_shards": 1}  # noqa: RUF012

    Course.init(using=server.client)
    for number, title in enumerate(("Astronomy", "Astrology", "Bread"), start=1):
        course = Course(meta={"id": number}, title=title, suggest=[title])
        course.save(using=server.client, refresh=True)
    result = Course.search(using=server.client).query("match", title="astronomy").execute()
    assert [hit.title for hit in result] == ["Astronomy"]
    assert Course.get(id=3, using=server.client).title == "Bread"
    search = Course.search(using=server.client).suggest(
        "begun", "aST", completion={"field": "suggest", "size": 5}
    )
    options = search.execute().suggest.begun[0].options
    assert [option.text for option in options] == ["Astrology", "Astronomy"]


@pytest.mark.parametrize(
    "body",
    [
        {"highlight": {}},
        {"aggs": {"a": {"cardinality": {"field": "name"}}}},
        {"suggest": {"s": {"text": "x", "phrase": {}}}},
        {"collapse": {"field": "name"}},
    ],
)
def test_parts_of_a_search_that_are_not_supported_are_named(
    body: Any, server: Server, fruit: str
) -> None:
    with pytest.raises(RequestError, match=r"does not support|needs \[completion\]"):
        server.client.search(index=fruit, **body)
