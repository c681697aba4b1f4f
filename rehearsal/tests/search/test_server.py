import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from elasticsearch import AuthenticationException, AuthorizationException, Elasticsearch

from tests.processes import gunicorn
from tests.search.conftest import PASSWORD, Server, master, write


def account(server: Server, name: str = "campus") -> Elasticsearch:
    """Return a client whose account may use names that begin with `prefix_name_`."""
    full = server.name(name)
    indices = [{"names": [f"{full}_*"], "privileges": ["all"]}]
    server.client.security.put_role(name=full, body={"cluster": ["monitor"], "indices": indices})
    server.client.security.put_user(username=full, body={"password": "secret", "roles": [full]})
    return server.connect(full, "secret")


def test_it_says_what_it_is(server: Server) -> None:
    assert server.client.info()["version"]["number"].startswith("7.17")
    for replicas, status in ((0, "green"), (1, "yellow")):
        name = server.name(f"with{replicas}")
        server.client.indices.create(index=name, settings={"number_of_replicas": replicas})
        assert server.client.cluster.health(index=name)["status"] == status


@pytest.mark.parametrize("header", [None, "Basic !", "Basic YQ==", "Bearer x", "Basic YTpi"])
def test_strangers_are_not_let_in(header: str | None, address: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = requests.get(address, headers=headers, timeout=20)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.headers["X-Elastic-Product"] == "Elasticsearch"


def test_an_account_uses_the_indexes_of_its_prefix(server: Server) -> None:
    campus = account(server)
    name = server.name("campus_courses")
    campus.index(index=name, id="1", document={"title": "a"})
    campus.indices.put_alias(index=name, name=server.name("campus_alias"))
    assert campus.count(index=server.name("campus_alias"))["count"] == 1
    campus.indices.delete(index=name)


def test_an_account_reaches_nothing_of_others(server: Server) -> None:
    campus = account(server)
    other = server.index("other", {"title": "private"})
    server.client.indices.put_alias(index=other, name=server.name("others_alias"))
    deeds: tuple[Callable[[], object], ...] = (
        lambda: campus.search(index=other),
        lambda: campus.search(index=server.name("others_alias")),
        lambda: campus.index(index=other, document={}),
        lambda: campus.indices.delete(index=other),
        lambda: campus.indices.create(index=server.name("new")),
        lambda: campus.indices.put_alias(index=other, name=server.name("campus_mine")),
        lambda: campus.indices.update_aliases(
            body={"actions": [{"remove_index": {"index": other}}]}
        ),
        lambda: campus.security.put_user(
            username="me", body={"password": "secret", "roles": ["superuser"]}
        ),
    )
    for deed in deeds:
        with pytest.raises(AuthorizationException):
            deed()
    assert not campus.search(index="_all")["hits"]["hits"]
    assert not campus.cat.indices(format="json")
    assert not campus.cat.aliases(format="json")
    assert server.client.count(index=other)["count"] == 1


def test_what_one_may_not_write_stays_unwritten_in_bulk(server: Server) -> None:
    campus = account(server)
    other = server.index("other")
    body = f'{json.dumps({"index": {"_index": other}})}\n{{"title": "x"}}\n'
    [item] = campus.bulk(body=body)["items"]
    assert item["index"]["status"] == 403
    assert server.client.count(index=other)["count"] == 0


def test_a_new_password_takes_the_place_of_the_old_one(server: Server) -> None:
    campus = account(server)
    campus.info()
    name = server.name("campus")
    server.client.security.put_user(username=name, body={"password": "another", "roles": [name]})
    with pytest.raises(AuthenticationException):
        campus.info()
    campus = server.connect(name, "another")
    campus.info()
    server.client.security.delete_user(username=name)
    with pytest.raises(AuthenticationException):
        campus.info()


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/_nodes"),
        ("PUT", "/_ingest/pipeline/x"),
        ("POST", "/i/_update_by_query"),
        ("GET", "/_search/scroll"),
    ],
)
def test_an_address_that_is_not_supported_is_named(method: str, path: str, address: str) -> None:
    answer = requests.request(method, f"{address}{path}", auth=("elastic", PASSWORD), timeout=20)
    assert answer.status_code == 400
    assert path in answer.json()["error"]["reason"]


def test_parameters_that_are_not_known_are_named(address: str) -> None:
    answer = requests.get(
        f"{address}/_search", {"scroll": "1m"}, auth=("elastic", PASSWORD), timeout=20
    )
    assert answer.status_code == 400
    assert "unrecognized parameter: [scroll]" in answer.json()["error"]["reason"]


@pytest.mark.parametrize("body", ["{", "[]", "nonsense"])
def test_a_body_that_is_no_object_is_refused(body: str, address: str) -> None:
    answer = requests.post(f"{address}/_search", body, auth=("elastic", PASSWORD), timeout=20)
    assert answer.status_code == 400


def test_many_writers_at_once_lose_nothing(server: Server) -> None:
    name = server.name("crowd")

    def write_some(writer: int) -> None:
        with master(server.address) as client:
            for number in range(10):
                client.index(index=name, id=f"{writer}-{number}", document={"n": number})

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write_some, range(4)))
    assert server.client.count(index=name)["count"] == 40


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    configuration = write(tmp_path)
    for attempt in (1, 2):
        with gunicorn(configuration, "search") as address, master(address) as client:
            if attempt == 1:
                client.index(index="kept", id="1", document={"title": "still here"})
            result = client.search(index="kept", query={"match": {"title": "still"}})
    assert result["hits"]["total"]["value"] == 1
    assert (tmp_path / "data" / "search.sqlite3").stat().st_mode & 0o077 == 0
