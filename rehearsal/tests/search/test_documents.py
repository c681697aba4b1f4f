import pytest
from elasticsearch import ConflictError, NotFoundError, RequestError
from elasticsearch.helpers import bulk

from tests.search.conftest import Server


def test_a_document_is_written_read_changed_and_removed(server: Server) -> None:
    client, name = server.client, server.name("documents")
    key = "course-v1:edX+Demo/2026"
    assert client.index(index=name, id=key, document={"title": "a"})["result"] == "created"
    assert client.index(index=name, id=key, document={"title": "b"})["_version"] == 2
    assert client.get(index=name, id=key)["_source"] == {"title": "b"}
    client.update(index=name, id=key, doc={"more": {"x": 1}})  # type: ignore[call-arg]
    assert client.get(index=name, id=key)["_source"] == {"title": "b", "more": {"x": 1}}
    assert client.exists(index=name, id=key)
    assert client.delete(index=name, id=key)["result"] == "deleted"
    assert not client.exists(index=name, id=key)
    with pytest.raises(NotFoundError):
        client.delete(index=name, id=key)


def test_a_document_without_an_id_is_given_one(server: Server) -> None:
    made = server.client.index(index=server.name("i"), document={"title": "a"}, refresh=True)
    assert server.client.get(index=server.name("i"), id=made["_id"])["found"]


def test_creating_does_not_overwrite(server: Server) -> None:
    name = server.index("i", {"title": "a"})
    with pytest.raises(ConflictError):
        server.client.create(index=name, id="1", document={"title": "b"})
    assert server.client.get(index=name, id="1")["_source"] == {"title": "a"}


def test_many_are_written_with_the_client_s_helper(server: Server) -> None:
    name = server.index("many", title={"type": "text"})
    actions = [{"_index": name, "_id": str(n), "title": f"course {n}"} for n in range(250)]
    assert bulk(server.client, actions, chunk_size=100, refresh=True) == (250, [])
    assert server.client.count(index=name)["count"] == 250
    actions = [{"_op_type": "delete", "_index": name, "_id": str(n)} for n in range(200)]
    bulk(server.client, actions)
    assert len(server.ids(name, query={"match": {"title": "course"}}, size=100)) == 50


def test_one_that_fails_does_not_take_the_others_along(server: Server) -> None:
    name = server.index("i", number={"type": "integer"})
    done, errors = bulk(
        server.client,
        [
            {"_index": name, "_id": "good", "number": 1},
            {"_index": name, "_id": "bad", "number": "many"},
        ],
        raise_on_error=False,
    )
    assert done == 1
    [error] = errors  # type: ignore[misc]
    assert error["index"]["error"]["type"] == "mapper_parsing_exception"
    assert not server.client.exists(index=name, id="bad")


def test_what_is_replaced_is_not_found_any_more(server: Server) -> None:
    name = server.index("i", {"title": "apples", "org": "A"})
    server.client.index(index=name, id="1", document={"title": "pears", "org": "B"})
    assert server.ids(name, query={"match": {"title": "apples"}}) == []
    assert server.ids(name, query={"term": {"org.keyword": "A"}}) == []
    assert server.ids(name, query={"match": {"title": "pears"}}) == ["1"]


def test_an_index_that_is_removed_takes_its_words_along(server: Server) -> None:
    name = server.index("i", {"title": "zebra"})
    server.client.indices.delete(index=name)
    server.index("i", {"title": "horse"})
    assert server.ids(name, query={"match": {"title": "zebra"}}) == []


def test_new_fields_get_the_types_that_elasticsearch_gives_them(server: Server) -> None:
    name = server.index(
        "i",
        {"text": "a", "whole": 1, "part": 1.5, "yes": True, "day": "2026-01-02", "in": {"x": 1}},
    )
    result = server.client.indices.get_mapping(index=name)[name]["mappings"]["properties"]
    assert result["text"]["fields"]["keyword"] == {"type": "keyword", "ignore_above": 256}
    types = {name: result[name].get("type") for name in ("text", "whole", "part", "yes", "day")}
    assert types == {
        "text": "text",
        "whole": "long",
        "part": "float",
        "yes": "boolean",
        "day": "date",
    }
    assert result["in"]["properties"]["x"] == {"type": "long"}


@pytest.mark.parametrize("kind, value", [("date", "yesterday"), ("integer", "x"), ("boolean", 2)])
def test_a_value_of_another_type_is_refused(kind: str, value: object, server: Server) -> None:
    name = server.index("i", field={"type": kind})
    with pytest.raises(RequestError, match="mapper_parsing_exception"):
        server.client.index(index=name, document={"field": value})
