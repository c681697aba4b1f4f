import pytest

from ocim.adapters.memory.brokers import MemoryBroker
from ocim.core.secrets import Secret
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import broker_account
from tests.console.conftest import Installation

HOST = "mq.example.com"
VARIABLE = "OCIM_BROKER_PASSWORD"


@pytest.fixture
def registered(ocim: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    ocim.brokers["rabbitmq"].servers[HOST] = MemoryBroker(password=Secret("secret"))
    monkeypatch.setenv(VARIABLE, "secret")
    ran = ocim("broker", "register", "main", f"https://{HOST}", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["health"] == "ok"
    assert "secret" not in ran.out
    return ocim


def test_a_registered_broker_is_told_with_its_kind_and_its_address_for_messages(
    registered: Installation,
) -> None:
    ran = registered("broker", "register", "campus", "redis://redis.example.com")
    assert ran.out == "Registered campus: Redis 3.10.8 at redis://redis.example.com:6379\n"


def test_a_wrong_password_registers_nothing(
    registered: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "wrong-one")
    registered.brokers["rabbitmq"].servers["other"] = MemoryBroker(password=Secret("secret"))
    ran = registered("broker", "register", "second", "http://other")
    assert ran.status == 1
    assert "wrong-one" not in ran.err
    assert len(registered("broker", "list").rows) == 1


def test_the_list_counts_instances(registered: Installation) -> None:
    registered.campus()
    assert registered("broker", "list", "--json").json == [
        {
            "name": "main",
            "url": f"amqp://{HOST}:5672",
            "version": "3.10.8",
            "instances": 1,
            "accepts new": True,
            "host": None,
        }
    ]


def test_a_broker_is_shown_with_the_messages_of_each_instance(registered: Installation) -> None:
    registered.campus()
    account = broker_account(OpenEdXInstance.objects.get())
    assert account
    server = registered.brokers["rabbitmq"].servers[HOST]
    for queue in ("ecommerce.fulfillment", "edx.lms.core.default"):
        server.send(account, queue)
    shown = registered("broker", "show", "main")
    assert f"as {account.user}: 0 connections, 2 messages waiting" in shown.out
    registered.brokers["rabbitmq"].away.add(HOST)
    assert "does not answer" in registered("broker", "show", "main").out


def test_an_instance_is_shown_with_its_broker(registered: Installation) -> None:
    registered.campus()
    shown = registered("instance", "show", "campus.example.com", "--json").json
    assert (shown["broker_server"], shown["search_server"]) == ("main", None)


def test_an_instance_is_assigned_and_rotated(ocim: Installation, registered: Installation) -> None:
    registered.campus()
    assert registered("broker", "assign", "campus.example.com", "main").status == 1
    OpenEdXInstance.objects.update(broker_server=None)
    ran = registered("broker", "assign", "campus.example.com", "main")
    assert "uses main from its next app server on" in ran.out
    ran = registered("broker", "rotate", "campus.example.com")
    assert "another account from its next app server on" in ran.out
    assert OpenEdXInstance.objects.get().broker_generation == 2


def test_a_used_broker_stays_and_an_unused_one_goes(registered: Installation) -> None:
    registered.campus()
    ran = registered("broker", "remove", "main")
    assert (ran.status, "campus.example.com" in ran.err) == (1, True)
    OpenEdXInstance.objects.update(broker_server=None)
    assert registered("broker", "remove", "main").out == "Removed main.\n"


def test_an_unknown_name_is_answered_with_the_known_ones(registered: Installation) -> None:
    ran = registered("broker", "show", "other")
    assert (ran.status, "Registered: main." in ran.err) == (1, True)


def test_the_doctor_finds_a_broker_that_does_not_answer(registered: Installation) -> None:
    assert "main" not in registered("doctor").out
    registered.brokers["rabbitmq"].away.add(HOST)
    assert "does not answer" in registered("doctor").out


def test_a_broker_is_created_on_a_host_of_its_own_and_goes_with_it(ocim: Installation) -> None:
    ran = ocim("broker", "create", "main", "--json")
    assert ran.status == 0, ran.err
    assert (ran.json["kind"], ran.json["host"], ran.json["health"]) == ("redis", "redis-main", "ok")
    [host] = ocim("host", "list", "--json").json
    assert (host["host"], host["state"]) == ("redis-main", "broker server")
    assert "Ready." in ocim("broker", "logs", "main").out
    assert ocim("broker", "remove", "main", "--yes").status == 0
    assert ocim("host", "list", "--json").json == []


def test_a_rabbitmq_on_a_local_host_is_refused_with_another_way(ocim: Installation) -> None:
    ran = ocim("broker", "create", "main", "--kind", "rabbitmq")
    assert (ran.status, "--kind redis" in ran.err) == (1, True)
