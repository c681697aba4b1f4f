"""`ocim mongodb-server` and `ocim meilisearch-server`, which are alike."""

from collections.abc import Mapping

import pytest

from ocim.adapters.memory.content import MemoryContentServer
from ocim.core.secrets import Secret
from ocim.operations.content_servers import KINDS as OF_CONTENT
from ocim.store.models import OpenEdXInstance
from tests.console.conftest import Installation

MONGODB, MEILISEARCH = "mongodb-server", "meilisearch-server"
HOSTS = {MONGODB: "mongodb.example.com", MEILISEARCH: "meili.example.com"}
URLS = {
    MONGODB: f"mongodb://{HOSTS[MONGODB]}",
    MEILISEARCH: f"https://{HOSTS[MEILISEARCH]}",
}
VARIABLES = {MONGODB: "OCIM_MONGODB_PASSWORD", MEILISEARCH: "OCIM_MEILISEARCH_KEY"}
KINDS = {f"{kind.kind}-server": kind for kind in OF_CONTENT}
EACH = pytest.mark.parametrize("command", [MONGODB, MEILISEARCH])


def servers(ocim: Installation, command: str) -> Mapping[str, MemoryContentServer]:
    return ocim.content[KINDS[command].kind].servers


@pytest.fixture
def registered(ocim: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    for command, url in URLS.items():
        server = MemoryContentServer(password=Secret("secret"))
        ocim.content[KINDS[command].kind].servers[HOSTS[command]] = server
        monkeypatch.setenv(VARIABLES[command], "secret")
        ran = ocim(command, "register", "main", url, "--json")
        assert ran.status == 0, ran.err
        assert ran.json["health"] == "ok"
        assert "secret" not in ran.out
    return ocim


def test_a_registered_server_is_told_with_its_software_version_and_address(
    registered: Installation,
) -> None:
    ran = registered(MONGODB, "register", "two", "mongodb://10.0.0.9", "--tls", "--user", "root")
    assert ran.out == "Registered two: MongoDB 7.0.28 at mongodb://10.0.0.9:27017\n"
    ran = registered(MEILISEARCH, "register", "two", "http://10.0.0.9")
    assert ran.out == "Registered two: Meilisearch 7.0.28 at http://10.0.0.9:7700\n"


@EACH
def test_a_wrong_password_registers_nothing(
    registered: Installation, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv(VARIABLES[command], "wrong-one")
    servers(registered, command)["other"] = MemoryContentServer(  # type: ignore[index]
        password=Secret("secret")
    )
    ran = registered(command, "register", "second", URLS[command].replace(HOSTS[command], "other"))
    assert ran.status == 1
    assert "wrong-one" not in ran.err
    assert len(registered(command, "list").rows) == 1


def instance_of_tutor(ocim: Installation) -> OpenEdXInstance:
    """Return an instance that is on both servers, as those that Tutor provisions are."""
    ocim.campus()
    for command in (MONGODB, MEILISEARCH):
        ran = ocim(command, "assign", "campus.example.com", "main")
        assert "uses main from its next app server on" in ran.out
    return OpenEdXInstance.objects.get()


@EACH
def test_a_server_is_shown_with_what_each_instance_has_there(
    registered: Installation, command: str
) -> None:
    instance = instance_of_tutor(registered)
    [row] = registered(command, "list", "--json").json
    assert (row["name"], row["instances"], row["host"]) == ("main", 1, None)
    account = KINDS[command].account(instance, 0)
    assert account
    for _ in range(2):
        servers(registered, command)[HOSTS[command]].write(account, "courses")
    one, _ = KINDS[command].collections
    shown = registered(command, "show", "main")
    assert f"as {account.user}: 1 {one}, 2 documents" in shown.out
    assert account.password.reveal() not in shown.out
    registered.content[KINDS[command].kind].away.add(HOSTS[command])
    assert "does not answer" in registered(command, "show", "main").out


def test_an_instance_is_shown_with_its_servers(registered: Installation) -> None:
    instance_of_tutor(registered)
    shown = registered("instance", "show", "campus.example.com", "--json").json
    assert (shown["mongodb_server"], shown["meilisearch_server"]) == ("main", "main")


@EACH
def test_an_account_is_rotated(registered: Installation, command: str) -> None:
    instance_of_tutor(registered)
    assert registered(command, "assign", "campus.example.com", "main").status == 1
    ran = registered(command, "rotate", "campus.example.com")
    assert "from its next app server on. The present one works" in ran.out
    kind = KINDS[command]
    assert getattr(OpenEdXInstance.objects.get(), kind.generation_field) == 2


@EACH
def test_a_used_server_stays_and_an_unused_one_goes(registered: Installation, command: str) -> None:
    instance_of_tutor(registered)
    ran = registered(command, "remove", "main")
    assert (ran.status, "campus.example.com" in ran.err) == (1, True)
    OpenEdXInstance.objects.update(mongodb_server=None, meilisearch_server=None)
    assert registered(command, "remove", "main").out == "Removed main.\n"


@EACH
def test_the_doctor_finds_a_server_that_does_not_answer(
    registered: Installation, command: str
) -> None:
    assert "main" not in registered("doctor").out
    registered.content[KINDS[command].kind].away.add(HOSTS[command])
    assert "does not answer" in registered("doctor").out
