"""The contract of every kind of search server."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest

from ocim.adapters.memory.search import MemorySearchServer, MemorySearchServers
from ocim.adapters.search.elasticsearch import ElasticsearchServers
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Search, SearchHost
from ocim.core.secrets import Secret
from ocim.ports.search import SearchServers
from tests.search_server import PASSWORD, running_search_server


@dataclass
class Fixture:
    servers: SearchServers
    host: SearchHost

    def place(self, name: str, password: str = "as usual") -> Search:  # noqa: S107
        return Search(self.host.url, f"{name}_", name, Secret(password))

    def write(self, place: Search, index: str) -> None:
        """Put a document into an index, as whoever has the place."""
        name = f"{place.index_prefix}{index}"
        if isinstance(self.servers, MemorySearchServers):
            documents = self.servers.servers[self.host.url].documents
            documents[name] = documents.get(name, 0) + 1
        else:
            as_account(place, "POST", f"{name}/_doc").raise_for_status()


def as_account(place: Search, method: str, path: str) -> httpx.Response:
    account = (place.user, place.password.reveal())
    return httpx.request(method, f"{place.url}{path}", json={"a": 1}, auth=account, timeout=30)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchHost]:
    with running_search_server(tmp_path_factory.mktemp("search")) as host:
        yield host


@pytest.fixture(params=["elasticsearch", "memory"])
def fixture(request: pytest.FixtureRequest) -> Fixture:
    if request.param == "memory":
        memory = MemorySearchServers(invented=False)
        host = SearchHost("http://10.0.0.9:9200/", "elastic", Secret(PASSWORD))
        memory.servers[host.url] = MemorySearchServer(password=host.password)
        return Fixture(memory, host)
    return Fixture(ElasticsearchServers(), request.getfixturevalue("running"))


def test_it_says_its_version(fixture: Fixture) -> None:
    assert fixture.servers.examine(fixture.host).startswith("7.")


def test_another_password_is_refused(fixture: Fixture) -> None:
    wrong = replace(fixture.host, password=Secret("not the password"))
    with pytest.raises(PermanentError, match="401") as refused:
        fixture.servers.examine(wrong)
    assert "not the password" not in str(refused.value)


def test_where_nothing_answers_it_may_pass(fixture: Fixture) -> None:
    away = replace(fixture.host, url="http://127.0.0.1:1/")
    with pytest.raises(TransientError, match="does not answer"):
        fixture.servers.examine(away)


def test_places_are_apart(fixture: Fixture) -> None:
    item, two = fixture.place("apart_1"), fixture.place("apart_2")
    for place in (item, two):
        fixture.servers.ensure(fixture.host, place)
    fixture.write(item, "courses")
    fixture.write(item, "courses")
    fixture.write(two, "courses")

    assert fixture.servers.indexes(fixture.host, item.index_prefix) == {"apart_1_courses": 2}

    fixture.servers.drop(fixture.host, item)
    fixture.servers.drop(fixture.host, item)

    assert fixture.servers.indexes(fixture.host, item.index_prefix) == {}
    assert fixture.servers.indexes(fixture.host, two.index_prefix) == {"apart_2_courses": 1}


def test_ensuring_again_keeps_what_is_there(fixture: Fixture) -> None:
    place = fixture.place("again")
    fixture.servers.ensure(fixture.host, place)
    fixture.write(place, "courses")
    fixture.servers.ensure(fixture.host, fixture.place("again", "another secret"))
    assert fixture.servers.indexes(fixture.host, "again_") == {"again_courses": 1}


def test_an_account_reaches_its_own_indexes_only(running: SearchHost) -> None:
    fixture = Fixture(ElasticsearchServers(), running)
    item, two = fixture.place("own_1"), fixture.place("own_2")
    for place in (item, two):
        fixture.servers.ensure(running, place)
    fixture.write(two, "courses")
    assert as_account(item, "GET", "own_2_courses/_search").status_code == 403
    assert as_account(item, "DELETE", "own_2_courses").status_code == 403
    with pytest.raises(PermanentError, match="403"):
        fixture.servers.examine(replace(running, user=item.user, password=item.password))


def test_a_new_password_counts_at_once(running: SearchHost) -> None:
    fixture = Fixture(ElasticsearchServers(), running)
    old, new = fixture.place("turn"), fixture.place("turn", "another secret")
    for place in (old, new):
        fixture.servers.ensure(running, place)
        assert as_account(place, "GET", "_cat/indices").status_code == 200
    assert as_account(old, "GET", "_cat/indices").status_code == 401


def test_a_place_without_prefix_or_account_is_never_touched(running: SearchHost) -> None:
    servers = ElasticsearchServers()
    for place in (Search(running.url, "", "user"), Search(running.url, "prefix_")):
        with pytest.raises(ValueError, match="needs"):
            servers.drop(running, place)
