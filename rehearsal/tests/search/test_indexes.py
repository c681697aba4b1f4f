from typing import Any

import pytest
from elasticsearch import NotFoundError, RequestError

from tests.search.conftest import Server


def test_an_index_is_made_once_and_removed(server: Server) -> None:
    name = server.name("courses")
    assert not server.client.indices.exists(index=name)
    made = server.client.indices.create(
        index=name,
        settings={"number_of_shards": 1, "index": {"number_of_replicas": 0}},
        mappings={"properties": {"title": {"type": "text"}}},
    )
    assert made["acknowledged"]
    assert server.client.indices.exists(index=name)
    result = server.client.indices.get(index=name)[name]
    assert result["mappings"] == {"properties": {"title": {"type": "text"}}}
    assert result["settings"]["index"]["number_of_replicas"] == "0"
    with pytest.raises(RequestError, match="resource_already_exists_exception"):
        server.client.indices.create(index=name)
    server.client.indices.delete(index=name)
    with pytest.raises(NotFoundError, match="no such index"):
        server.client.indices.get(index=name)


@pytest.mark.parametrize("name", ["Upper", "_hidden", "with space", "a,b"])
def test_names_that_elasticsearch_refuses_are_refused(name: str, server: Server) -> None:
    with pytest.raises(RequestError):
        server.client.indices.create(index=name)


def test_an_alias_moves_in_one_step(server: Server) -> None:
    alias, old, new = (server.name(name) for name in ("alias", "old", "new"))
    server.client.indices.create(index=old, aliases={alias: {}})
    server.client.indices.create(index=new)
    server.client.indices.update_aliases(
        body={
            "actions": [
                {"remove": {"index": old, "alias": alias}},
                {"add": {"index": new, "alias": alias}},
            ]
        }
    )
    assert list(server.client.indices.get_alias(name=alias)) == [new]
    assert server.client.indices.get_alias(index=old) == {old: {"aliases": {}}}
    assert server.client.indices.exists_alias(name=alias)
    assert server.client.indices.exists(index=alias)
    server.client.indices.delete_alias(index=new, name=alias)
    assert not server.client.indices.exists_alias(name=alias)


def test_an_alias_is_not_deleted_as_if_it_were_an_index(server: Server) -> None:
    server.client.indices.create(index=server.name("i"), aliases={server.name("a"): {}})
    with pytest.raises(RequestError, match="matches an alias"):
        server.client.indices.delete(index=server.name("a"))
    assert server.client.indices.exists(index=server.name("i"))


def test_an_alias_cannot_take_an_index_s_name(server: Server) -> None:
    item, two = server.index("one"), server.index("two")
    with pytest.raises(RequestError, match="invalid_alias_name_exception"):
        server.client.indices.put_alias(index=item, name=two)


def test_a_search_through_an_alias_covers_all_that_it_means(server: Server) -> None:
    for name in ("a", "b"):
        server.index(name, {"title": name})
        server.client.indices.put_alias(index=server.name(name), name=server.name("both"))
    assert server.client.count(index=server.name("both"))["count"] == 2
    with pytest.raises(RequestError, match="no write index"):
        server.client.index(index=server.name("both"), document={})


def test_lists_for_people_and_for_programs(server: Server) -> None:
    name = server.index("listed", {"title": "x"})
    server.client.indices.put_alias(index=name, name=server.name("alias"))
    table: Any = server.client.cat.indices(index=name, h="index,docs.count", v=True)
    assert table.splitlines()[0].split() == ["index", "docs.count"]
    assert table.splitlines()[1].split() == [name, "1"]
    aliases: Any = server.client.cat.aliases(name=server.name("*"), format="json")
    [alias] = aliases
    assert (alias["alias"], alias["index"]) == (server.name("alias"), name)


def test_fields_can_be_added_but_not_turned_into_others(server: Server) -> None:
    name = server.index("mapped", title={"type": "text"})
    server.client.indices.put_mapping(index=name, body={"properties": {"org": {"type": "keyword"}}})
    mapping = server.client.indices.get_mapping(index=name)[name]["mappings"]
    assert mapping["properties"]["org"] == {"type": "keyword"}
    with pytest.raises(RequestError, match="cannot be changed"):
        server.client.indices.put_mapping(
            index=name, body={"properties": {"title": {"type": "long"}}}
        )


def test_patterns_mean_what_there_is(server: Server) -> None:
    server.index("one")
    server.index("two")
    assert len(server.client.indices.get(index=server.name("*"))) == 2
    assert server.client.indices.get(index=server.name("nothing*")) == {}
    server.client.indices.delete(index=server.name("o*"))
    assert list(server.client.indices.get(index=server.name("*"))) == [server.name("two")]


@pytest.mark.parametrize(
    "body",
    [
        {"mappings": {"properties": {"place": {"type": "geo_point"}}}},
        {"mappings": {"properties": {"t": {"type": "text", "analyzer": "english"}}}},
        {"mappings": {"runtime": {}}},
        {"settings": {"index": {"analysis": {"filter": {"grams": {"type": "ngram"}}}}}},
        {"settings": {"blocks": {"read_only": True}}},
        {"settings": {"index": {"codec": "best_compression"}}},
        {"aliases": {"a": {"filter": {"term": {"x": 1}}}}},
    ],
)
def test_what_is_not_supported_is_named_and_makes_nothing(body: dict, server: Server) -> None:  # type: ignore[type-arg]
    with pytest.raises(RequestError, match="does not support") as refused:
        server.client.indices.create(index=server.name("no"), **body)
    assert refused.value.status_code == 400
    assert not server.client.indices.exists(index=server.name("no"))
