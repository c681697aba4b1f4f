"""Requests of the real discovery, which builds and searches its indexes by them."""

from typing import Any

import pytest
from elasticsearch import NotFoundError, RequestError

from tests.search.conftest import Server

SETTINGS: dict[str, Any] = {
    "number_of_shards": 1,
    "number_of_replicas": 1,
    "blocks": {"read_only_allow_delete": None},
    "analysis": {
        "filter": {
            "others": {"type": "synonym", "synonyms": ["maths, mathematics"]},
            "starts": {"type": "edge_ngram", "min_gram": 2, "max_gram": 22},
        },
        "analyzer": {
            "stripped": {
                "type": "custom",
                "tokenizer": "standard",
                "char_filter": ["html_strip"],
                "filter": ["lowercase", "stop", "snowball"],
            },
            "alike": {
                "type": "custom",
                "tokenizer": "standard",
                "filter": ["lowercase", "others", "snowball"],
            },
            "typed": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "starts"]},
            "whole": {"type": "custom", "tokenizer": "keyword", "filter": ["lowercase"]},
        },
    },
}
PROPERTIES: dict[str, Any] = {
    "title": {
        "type": "text",
        "analyzer": "alike",
        "fields": {
            "typed": {"type": "text", "analyzer": "typed"},
            "suggest": {"type": "completion"},
        },
    },
    "about": {"type": "text", "analyzer": "stripped"},
    "partner": {
        "type": "text",
        "fields": {
            "raw": {"type": "keyword"},
            "lower": {"type": "text", "analyzer": "whole"},
        },
    },
    "start": {"type": "date"},
    "paid": {"type": "boolean"},
    "skills": {"type": "nested", "properties": {"name": {"type": "keyword"}}},
}
COURSES = [
    {
        "title": "Introduction to Astronomy",
        "about": "<p>The stars of the <b>north</b></p>",
        "partner": "Science X",
        "start": "2020-01-01T00:00:00Z",
        "skills": [{"name": "Optics"}],
    },
    {"title": "Maths", "partner": "science y", "start": "2031-01-01T00:00:00Z", "paid": True},
]


@pytest.fixture
def courses(server: Server) -> str:
    name = server.name("course_20260504_120000")
    mappings = {"properties": PROPERTIES}
    server.client.indices.create(index=name, settings=SETTINGS, mappings=mappings)
    for number, course in enumerate(COURSES, start=1):
        server.client.index(index=name, id=str(number), document=course)
    return name


@pytest.mark.parametrize(
    "query, ids",
    [
        ({"match": {"about": {"query": "stars of the north", "operator": "and"}}}, ["1"]),
        ({"match": {"about": "b"}}, []),
        ({"match": {"about": "the"}}, []),
        ({"term": {"partner.lower": "science x"}}, ["1"]),
        ({"match": {"partner.lower": "SCIENCE Y"}}, ["2"]),
        ({"term": {"partner.raw": "science x"}}, []),
        ({"term": {"title.typed": "astro"}}, ["1"]),
        ({"term": {"title.typed": "a"}}, []),
        ({"nested": {"path": "skills", "query": {"term": {"skills.name": "Optics"}}}}, ["1"]),
    ],
)
def test_each_analyzer_finds_what_it_is_for(
    query: dict[str, Any], ids: list[str], server: Server, courses: str
) -> None:
    assert server.ids(courses, query=query) == ids


def test_objects_that_no_index_has_are_not_searched(server: Server, courses: str) -> None:
    query = {"path": "people", "query": {"match_all": {}}}
    with pytest.raises(RequestError, match="failed to find nested object"):
        server.ids(courses, query={"nested": query})
    assert server.ids(courses, query={"nested": {**query, "ignore_unmapped": True}}) == []


def test_functions_put_the_favoured_first(server: Server, courses: str) -> None:
    def ids(*functions: dict[str, Any], **options: str) -> list[str]:
        modes = {"score_mode": "sum", "boost_mode": "sum", **options}
        query = {"query": {"match_all": {}}, "functions": list(functions), **modes}
        return server.ids(courses, query={"function_score": query})

    paid = {"filter": {"term": {"paid": True}}, "weight": 5.0}
    long_ago = {"origin": "2020-02-01", "scale": "30d", "decay": 0.95}
    assert ids() == ["1", "2"]
    assert ids(paid) == ["2", "1"]
    assert ids(paid, {"gauss": {"start": long_ago}, "weight": 7.0}) == ["1", "2"]
    assert ids({**paid, "weight": -1}, boost_mode="multiply") == ["1", "2"]
    wrong: dict[str, Any]
    for wrong in ({"random_score": {}}, {"gauss": {"start": {"scale": "soon"}}}):
        with pytest.raises(RequestError):
            ids(wrong)


def test_an_alias_moves_though_it_meant_nothing_before(server: Server, courses: str) -> None:
    alias = server.name("course")
    removal = {"remove": {"alias": alias, "index": f"{alias}_*"}}
    with pytest.raises(NotFoundError, match="aliases_not_found_exception"):
        server.client.indices.update_aliases(body={"actions": [removal]})
    move = {"actions": [removal, {"add": {"alias": alias, "index": courses}}]}
    server.client.indices.update_aliases(body=move)
    assert list(server.client.indices.get_alias(name=alias)) == [courses]
    needed = {"remove": {**removal["remove"], "alias": server.name("no"), "must_exist": True}}
    with pytest.raises(NotFoundError):
        server.client.indices.update_aliases(body={"actions": [needed, *move["actions"]]})


def test_settings_of_an_index_can_change_but_not_its_shards(server: Server, courses: str) -> None:
    with pytest.raises(RequestError, match="Result window is too large"):
        server.ids(courses, from_=9_999, size=2)
    changes = {"index": {"max_result_window": 20_000}}
    server.client.indices.put_settings(index=courses, body=changes)
    assert server.ids(courses, from_=9_999, size=2) == []
    with pytest.raises(RequestError, match="non dynamic settings"):
        server.client.indices.put_settings(index=courses, body={"number_of_shards": 2})
