from typing import Any

import pytest
from elasticsearch import RequestError

from tests.search.conftest import Server

KEYWORD = {"type": "keyword"}
COURSES = [
    {
        "title": "Introduction to Astronomy",
        "about": "Stars, planets and <b>galaxies</b>.",
        "org": "ScienceX",
        "key": "course-v1:ScienceX+Astro+2026",
        "price": 10,
        "start": "2026-01-01T00:00:00Z",
        "mobile": True,
        "languages": ["en", "fr"],
    },
    {
        "title": "Advanced Astronomy",
        "about": "Black holes.",
        "org": "ScienceX",
        "key": "course-v1:ScienceX+Astro2+2027",
        "price": 50.5,
        "start": "2027-06-01T12:30:00+02:00",
        "mobile": False,
        "languages": ["en"],
    },
    {
        "title": "Baking bread",
        "about": "Flour, water, salt. An introduction.",
        "org": "Kitchen",
        "key": "course-v1:Kitchen+Bread+2025",
        "price": 0,
        "start": None,
        "languages": ["fr"],
    },
]


@pytest.fixture
def courses(server: Server) -> str:
    return server.index(
        "courses",
        *COURSES,
        title={"type": "text", "fields": {"raw": KEYWORD}},
        about={"type": "text"},
        org=KEYWORD,
        key=KEYWORD,
        price={"type": "float"},
        start={"type": "date"},
        mobile={"type": "boolean"},
        languages=KEYWORD,
    )


@pytest.mark.parametrize(
    "query, found",
    [
        ({"match_all": {}}, "123"),
        ({"match": {"title": "astronomy"}}, "12"),
        ({"match": {"title": "ASTRONOMY bread"}}, "123"),
        ({"match": {"title": {"query": "advanced astronomy", "operator": "and"}}}, "2"),
        ({"match_phrase": {"title": "to astronomy"}}, "1"),
        ({"match_phrase": {"title": "astronomy to"}}, ""),
        ({"multi_match": {"query": "introduction", "fields": ["title", "about"]}}, "13"),
        ({"multi_match": {"query": "introduction", "fields": ["about"]}}, "3"),
        (
            {"multi_match": {"query": "adv", "fields": ["title"], "type": "phrase_prefix"}},
            "2",
        ),
        ({"term": {"org": "ScienceX"}}, "12"),
        ({"term": {"org": {"value": "sciencex"}}}, ""),
        ({"term": {"title": "astronomy"}}, "12"),
        ({"term": {"title": "Astronomy"}}, ""),
        ({"term": {"mobile": True}}, "1"),
        ({"term": {"mobile": "false"}}, "2"),
        ({"term": {"_id": "3"}}, "3"),
        ({"terms": {"languages": ["fr", "de"]}}, "13"),
        ({"terms": {"price": [10, 50.5]}}, "12"),
        ({"range": {"price": {"gt": 0, "lte": 10}}}, "1"),
        ({"range": {"start": {"gte": "2026-06", "lt": "2028"}}}, "2"),
        ({"range": {"start": {"lte": "2027-06-01T10:30:00Z"}}}, "12"),
        ({"range": {"start": {"lt": "2027-06-01T10:30:00Z"}}}, "1"),
        ({"range": {"start": {"lte": "now+52000w"}}}, "12"),
        ({"prefix": {"key": "course-v1:ScienceX+Astro+"}}, "1"),
        ({"prefix": {"key": {"value": "COURSE-V1:K", "case_insensitive": True}}}, "3"),
        ({"prefix": {"title": "bre"}}, "3"),
        ({"exists": {"field": "start"}}, "12"),
        ({"exists": {"field": "mobile"}}, "12"),
        ({"bool": {"must_not": [{"term": {"org": "Kitchen"}}]}}, "12"),
        ({"bool": {"should": [{"term": {"org": "Kitchen"}}, {"term": {"price": 10}}]}}, "13"),
        (
            {
                "bool": {
                    "must": {"match": {"title": "astronomy"}},
                    "filter": [{"term": {"languages": "fr"}}],
                }
            },
            "1",
        ),
        (
            {
                "bool": {
                    "should": [{"term": {"org": "ScienceX"}}, {"term": {"languages": "fr"}}],
                    "minimum_should_match": 2,
                }
            },
            "1",
        ),
        ({"match": {"nowhere": "x"}}, ""),
    ],
)
def test_queries_find_what_they_say(
    query: dict[str, Any], found: str, server: Server, courses: str
) -> None:
    assert sorted(server.ids(courses, query=query)) == list(found)


@pytest.mark.parametrize(
    "text, found",
    [
        ("astronomy", "12"),
        ("title:astronomy AND org:ScienceX", "12"),
        ("advanced astronomy", "12"),
        ("advanced AND astronomy", "2"),
        ("+astronomy -advanced", "1"),
        ("astronomy NOT advanced", "1"),
        ("NOT astronomy", "3"),
        ('"black holes"', "2"),
        ('title:"baking bread" OR price:10', "13"),
        ("(advanced OR baking) AND languages:en", "2"),
        ("org:(ScienceX OR Kitchen)", "123"),
        (r"key:course-v1\:Kitchen\+Bread\+2025", "3"),
        ('key:"course-v1:Kitchen+Bread+2025"', "3"),
        ("key:course-v1*", "123"),
        ("key:course-v1\\:Sci*", "12"),
        ("price:[10 TO 50.5]", "12"),
        ("price:{10 TO *]", "2"),
        ("price:>=10", "12"),
        ("start:[2026-01-01 TO 2026-12-31]", "1"),
        ("start:[now-52000w TO *]", "12"),
        ("_exists_:start", "12"),
        ("start:*", "12"),
        ("*", "123"),
        ("*:*", "123"),
        ("mobile:true", "1"),
        ("astron*", "12"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_the_query_language_is_understood(
    text: str, found: str, server: Server, courses: str
) -> None:
    query = {"query_string": {"query": text}}
    assert sorted(server.ids(courses, query=query)) == list(found)


def test_a_query_string_can_be_kept_to_some_fields(server: Server, courses: str) -> None:
    query = {"query_string": {"query": "introduction", "fields": ["title^2", "org"]}}
    assert server.ids(courses, query=query) == ["1"]
    query = {"query_string": {"query": "baking flour", "default_operator": "AND"}}
    assert server.ids(courses, query=query) == ["3"]


@pytest.mark.parametrize(
    "text", ["a AND (b", "a)", "fuzzy~2", "boost^3", "w?rd", "*word", "/regex/", "price:[1 TO"]
)
def test_a_query_string_that_is_not_understood_is_refused(
    text: str, server: Server, courses: str
) -> None:
    with pytest.raises(RequestError) as refused:
        server.client.search(index=courses, query={"query_string": {"query": text}})
    assert refused.value.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"fuzzy": {"title": "astronmy"}},
        {"match": {"title": {"query": "a", "fuzziness": "AUTO"}}},
        {"multi_match": {"query": "a", "type": "cross_fields"}},
        {"range": {"price": {"gte": 1, "relation": "within"}}},
        {"bool": {"musst": []}},
        {"has_child": {"type": "x", "query": {"match_all": {}}}},
    ],
)
def test_queries_that_are_not_supported_are_named(
    query: dict[str, Any], server: Server, courses: str
) -> None:
    with pytest.raises(RequestError, match="does not support"):
        server.client.search(index=courses, query=query)


def test_a_better_match_comes_first(server: Server) -> None:
    name = server.index(
        "ranked",
        {"title": "a course on many things with bread in it somewhere"},
        {"title": "bread, bread, bread"},
        *({"title": f"filler {number}"} for number in range(10)),
    )
    assert server.ids(name, query={"match": {"title": "bread"}}) == ["2", "1"]
    weighted = {"multi_match": {"query": "bread", "fields": ["title^3"]}}
    plain = {"multi_match": {"query": "bread", "fields": ["title"]}}
    scores = [
        server.client.search(index=name, query=query)["hits"]["max_score"]
        for query in (weighted, plain)
    ]
    assert scores[0] == pytest.approx(3 * scores[1])


def test_tags_are_not_words_where_the_index_strips_them(server: Server) -> None:
    name = server.name("html")
    server.client.indices.create(
        index=name,
        settings={
            "analysis": {
                "analyzer": {
                    "html": {
                        "type": "custom",
                        "tokenizer": "standard",
                        "filter": ["lowercase"],
                        "char_filter": ["html_strip"],
                    }
                },
                "normalizer": {"folded": {"type": "custom", "filter": ["lowercase"]}},
            }
        },
        mappings={
            "properties": {
                "about": {"type": "text", "analyzer": "html"},
                "org": {"type": "keyword", "normalizer": "folded"},
            }
        },
    )
    document = {"about": "<strong>stars</strong> &amp; planets", "org": "ScienceX"}
    server.client.index(index=name, id="1", document=document)
    assert server.ids(name, query={"match": {"about": "strong"}}) == []
    assert server.ids(name, query={"match_phrase": {"about": "stars planets"}}) == ["1"]
    assert server.ids(name, query={"term": {"org": "SCIENCEx"}}) == ["1"]
