"""The contract of every kind of content server."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pymongo
import pytest
from pymongo.errors import PyMongoError

from demo.mongodb import State, running_mongodb
from ocim.adapters.content.meilisearch import ACTIONS, MeilisearchServers
from ocim.adapters.content.mongodb import MongodbServers
from ocim.adapters.memory.content import MemoryContentServer, MemoryContentServers
from ocim.core.content import ContentAccount, ContentHost, ContentUsage, meilisearch_key
from ocim.core.errors import PermanentError, TransientError
from ocim.core.secrets import Secret
from ocim.ports.content import ContentServers
from tests.meilisearch_server import running_meilisearch

MASTER = "the master's 50% password"
ROOT = {"pwd": MASTER, "roles": [{"role": "root", "db": "admin"}], "customData": None}


@dataclass
class Fixture:
    servers: ContentServers
    host: ContentHost

    def account(self, place: str, user: str) -> ContentAccount:
        host, password = self.host, Secret("as usual")
        if isinstance(self.servers, MeilisearchServers):
            password = meilisearch_key(host.password, user)
        return ContentAccount(host.url, host.host, host.port, host.tls, place, user, password)

    def write(self, account: ContentAccount, place: str = "") -> bool:
        """Put a document into a place, as whoever has the account; return whether it may."""
        place = place or account.place
        if isinstance(self.servers, MeilisearchServers):
            return write_to_meilisearch(account, place)
        if isinstance(self.servers, MemoryContentServers):
            server = self.servers.servers[self.host.host]
            if not server.accepts(account) or place != account.place:
                return False
            server.write(account, "courses")
            return True
        return write_to_mongodb(account, place)


def write_to_mongodb(account: ContentAccount, place: str) -> bool:
    with pymongo.MongoClient[dict[str, int]](
        account.host,
        account.port,
        username=account.user,
        password=account.password.reveal(),
        authSource=account.place,
    ) as client:
        try:
            client[place].courses.insert_one({"a": 1})
        except PyMongoError:
            return False
    return True


def write_to_meilisearch(account: ContentAccount, place: str) -> bool:
    answer = as_key(account.password, "POST", f"{account.url}/indexes/{place}courses/documents")
    return answer.is_success


def as_key(key: Secret, method: str, url: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key.reveal()}"}
    return httpx.request(method, url, json=[{"id": 1}], headers=headers, timeout=30)


@pytest.fixture(scope="module")
def mongodb() -> State:
    return State(users={("admin", "ocim"): dict(ROOT)})


@pytest.fixture(scope="module")
def mongodb_host(mongodb: State) -> Iterator[ContentHost]:
    with running_mongodb(mongodb) as port:
        yield host_at(port)


def host_at(port: int) -> ContentHost:
    url = f"mongodb://127.0.0.1:{port}"
    return ContentHost(url, "127.0.0.1", port, False, "ocim", Secret(MASTER))


@pytest.fixture(scope="module")
def meilisearch_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContentHost]:
    with running_meilisearch(tmp_path_factory.mktemp("meilisearch"), MASTER) as port:
        url = f"http://127.0.0.1:{port}"
        yield ContentHost(url, "127.0.0.1", port, False, "", Secret(MASTER))


@pytest.fixture(params=["mongodb", "meilisearch", "memory"])
def fixture(request: pytest.FixtureRequest) -> Fixture:
    if request.param == "memory":
        memory = MemoryContentServers("mongodb", invented=False)
        host = ContentHost("mongodb://10.0.0.9:1", "10.0.0.9", 1, False, "ocim", Secret(MASTER))
        memory.servers[host.host] = MemoryContentServer(password=host.password)
        return Fixture(memory, host)
    if request.param == "meilisearch":
        return Fixture(MeilisearchServers(), request.getfixturevalue("meilisearch_host"))
    return Fixture(MongodbServers(), request.getfixturevalue("mongodb_host"))


def test_it_tells_its_version(fixture: Fixture) -> None:
    assert fixture.servers.examine(fixture.host)[0].isdecimal()


def test_another_password_is_refused(fixture: Fixture) -> None:
    wrong = replace(fixture.host, password=Secret("not the password"))
    with pytest.raises(PermanentError) as refused:
        fixture.servers.examine(wrong)
    assert "not the password" not in str(refused.value)


def test_places_are_apart(fixture: Fixture) -> None:
    one, two = fixture.account("apart_1", "one"), fixture.account("apart_2", "two")
    for account in (one, two):
        fixture.servers.ensure(fixture.host, [account])
        assert fixture.write(account)
    assert not fixture.write(one, two.place)
    assert fixture.servers.usage(fixture.host, one) == ContentUsage(1, 1)

    fixture.servers.drop(fixture.host, one)
    fixture.servers.drop(fixture.host, one)

    assert not fixture.write(one)
    assert fixture.servers.usage(fixture.host, one) == ContentUsage(0, 0)
    assert fixture.servers.usage(fixture.host, two) == ContentUsage(1, 1)
    assert "two" in fixture.servers.accounts(fixture.host)
    assert "one" not in fixture.servers.accounts(fixture.host)


def test_the_account_of_a_database_sees_what_is_in_it(mongodb_host: ContentHost) -> None:
    fixture = Fixture(MongodbServers(), mongodb_host)
    account = fixture.account("seen", "seer")
    fixture.servers.ensure(mongodb_host, [account])
    own = replace(mongodb_host, user="seer", password=account.password, database="seen")
    assert fixture.servers.usage(own, account) == ContentUsage(0, 0)


def test_accounts_are_replaced_one_by_one(fixture: Fixture) -> None:
    old, new = (fixture.account("turn", user) for user in ("turn", "turn_2"))
    fixture.servers.ensure(fixture.host, [old])
    assert fixture.write(old)
    fixture.servers.ensure(fixture.host, [new, old])
    assert fixture.write(old)
    assert fixture.write(new)
    fixture.servers.ensure(fixture.host, [new])
    assert not fixture.write(old)
    assert fixture.write(new)
    assert fixture.servers.usage(fixture.host, new).documents == 4


def test_mongodb_that_is_away_may_come_back(mongodb_host: ContentHost) -> None:
    away = replace(mongodb_host, port=1, url="mongodb://127.0.0.1:1")
    with pytest.raises(TransientError, match="does not answer"):
        MongodbServers(timeout=0.2).examine(away)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"version": "3.6.8"}, "Use MongoDB 4 or newer"),
        ({"checks_rights": False}, "security.authorization"),
        ({"primary": False}, "is no primary"),
    ],
)
def test_mongodb_that_instances_cannot_share_is_refused(
    changes: dict[str, object], words: str
) -> None:
    state = State(users={("admin", "ocim"): dict(ROOT)}, **changes)  # type: ignore[arg-type]
    with running_mongodb(state) as port, pytest.raises(PermanentError, match=words):
        MongodbServers().examine(host_at(port))


def test_an_account_of_mongodb_that_cannot_make_others_is_refused() -> None:
    weak = {**ROOT, "roles": [{"role": "readWriteAnyDatabase", "db": "admin"}]}
    with (
        running_mongodb(State(users={("admin", "ocim"): weak})) as port,
        pytest.raises(PermanentError, match="the role root, or dbAdminAnyDatabase and userAdmin"),
    ):
        MongodbServers().examine(host_at(port))


def test_accounts_that_others_made_in_mongodb_are_not_ocims(
    mongodb: State, mongodb_host: ContentHost
) -> None:
    mongodb.users["theirs", "somebody"] = {"pwd": "x", "roles": [], "customData": None}
    assert "somebody" not in MongodbServers().accounts(mongodb_host)


@pytest.mark.parametrize("place", ["", "admin", "local", "config"])
def test_mongodbs_own_databases_are_never_touched(mongodb_host: ContentHost, place: str) -> None:
    fixture = Fixture(MongodbServers(), mongodb_host)
    with pytest.raises(ValueError, match="database of its own"):
        fixture.servers.drop(mongodb_host, fixture.account(place, "user"))


def test_a_key_of_meilisearch_makes_no_other_keys(meilisearch_host: ContentHost) -> None:
    fixture = Fixture(MeilisearchServers(), meilisearch_host)
    account = fixture.account("keys_", "keys")
    fixture.servers.ensure(meilisearch_host, [account])
    url = f"{meilisearch_host.url}/keys"
    assert as_key(account.password, "POST", url).status_code == 403
    assert as_key(account.password, "DELETE", f"{url}/keys").status_code == 403
    assert as_key(account.password, "GET", f"{url}/keys").json()["actions"] == list(ACTIONS)


def test_a_key_of_meilisearch_that_may_too_much_is_replaced(meilisearch_host: ContentHost) -> None:
    fixture = Fixture(MeilisearchServers(), meilisearch_host)
    account = fixture.account("much_", "much")
    fixture.servers.ensure(meilisearch_host, [account])
    url = f"{meilisearch_host.url}/keys/much"
    made = as_key(meilisearch_host.password, "GET", url).json()
    headers = {"Authorization": f"Bearer {MASTER}"}
    httpx.post(f"{meilisearch_host.url}/keys", json={**made, "actions": ["*"]}, headers=headers)
    fixture.servers.ensure(meilisearch_host, [account])
    assert as_key(meilisearch_host.password, "GET", url).json()["actions"] == list(ACTIONS)


def test_a_key_that_is_not_the_master_key_is_refused(meilisearch_host: ContentHost) -> None:
    fixture = Fixture(MeilisearchServers(), meilisearch_host)
    account = fixture.account("other_", "other")
    fixture.servers.ensure(meilisearch_host, [account])
    with pytest.raises(PermanentError, match="not the master key"):
        fixture.servers.examine(replace(meilisearch_host, password=account.password))


def test_a_place_without_a_prefix_is_never_touched(meilisearch_host: ContentHost) -> None:
    fixture = Fixture(MeilisearchServers(), meilisearch_host)
    with pytest.raises(ValueError, match="needs a prefix"):
        fixture.servers.drop(meilisearch_host, fixture.account("", "user"))
