"""Promises of every kind of broker server, and what keeps instances on one apart."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from amqp.exceptions import AccessRefused, NotAllowed
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import NoPermissionError

from ocim.adapters.brokers.rabbitmq import RabbitmqBrokers
from ocim.adapters.brokers.redis import RedisBrokers
from ocim.adapters.memory.brokers import MemoryBroker, MemoryBrokers
from ocim.catalog.variables.brokers import ecommerce
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Broker, BrokerHost
from ocim.core.secrets import Secret
from ocim.ports.brokers import Brokers
from tests.broker_servers import (
    NEEDS_RABBITMQ,
    NEEDS_REDIS,
    PASSWORD,
    RedisBroker,
    rabbitmq_server,
)
from tests.catalog.instances import full

pytestmark = pytest.mark.xdist_group("brokers")
QUEUE = "ecommerce.fulfillment"


@dataclass
class Fixture:
    brokers: Brokers
    host: BrokerHost

    def account(self, name: str, user: str = "", password: str = "as-usual") -> Broker:  # noqa: S107
        """Return an instance's account; on Redis it has no user and the first database."""
        if self.host.kind == "redis":
            return Broker("redis", self.host.host, self.host.port, "", Secret(password), "/0")
        place = self.host.host, self.host.port
        return Broker("rabbitmq", *place, user or name, Secret(password), f"/{name}")

    def works(self, account: Broker) -> bool:
        """Return True if a service that has the account may send messages."""
        if isinstance(self.brokers, MemoryBrokers):
            return self.brokers.servers[self.host.host].accepts(account)
        try:
            self.send(account)
        except (AccessRefused, NotAllowed, OperationalError):
            return False
        return True

    def send(self, account: Broker, slashes: str = "") -> None:
        """Send a message with the URL that the shop gets, or the LMS with another slash."""
        if isinstance(self.brokers, MemoryBrokers):
            self.brokers.servers[self.host.host].send(account, QUEUE)
            return
        with connected(url_of(account, slashes)) as line:
            queue = line.SimpleQueue(QUEUE)
            queue.put("an order")
            queue.close()

    def waiting(self, account: Broker) -> int:
        """Return the number of messages; RabbitMQ counts every five seconds."""
        return self.brokers.usage(self.host, account).queues.get(QUEUE, 0)


def url_of(account: Broker, slashes: str = "") -> str:
    url: Secret = ecommerce(full(broker=account))["ECOMMERCE_BROKER_URL"]
    scheme, rest = url.reveal().split("://")
    place, path = rest.split("/")
    return f"{scheme}://{place}{slashes}/{path}"


def connected(url: str) -> Any:
    """Return a connection as the services make it."""
    return Connection(url, transport_options={"max_retries": 1})  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def rabbitmq() -> Iterator[BrokerHost]:
    with rabbitmq_server() as host:
        yield host


@pytest.fixture
def redis() -> Iterator[BrokerHost]:
    with RedisBroker() as server:
        yield server.host


@pytest.fixture(
    params=[
        pytest.param("rabbitmq", marks=NEEDS_RABBITMQ),
        pytest.param("redis", marks=NEEDS_REDIS),
        "memory",
    ]
)
def fixture(request: pytest.FixtureRequest) -> Fixture:
    if request.param == "memory":
        memory = MemoryBrokers(invented=False)
        host = BrokerHost("rabbitmq", "10.0.0.9", 5672, "http://x/", "ocim", Secret(PASSWORD))
        memory.servers[host.host] = MemoryBroker(password=host.password)
        return Fixture(memory, host)
    adapter = RabbitmqBrokers() if request.param == "rabbitmq" else RedisBrokers()
    return Fixture(adapter, request.getfixturevalue(request.param))


def test_it_says_its_version(fixture: Fixture) -> None:
    assert fixture.brokers.examine(fixture.host)[:2] in {"3.", "7."}


def test_another_password_is_refused_without_showing_it(fixture: Fixture) -> None:
    wrong = replace(fixture.host, password=Secret("not the password"))
    with pytest.raises(PermanentError) as refused:
        fixture.brokers.examine(wrong)
    assert "not the password" not in str(refused.value)


def test_where_nothing_answers_it_may_pass(fixture: Fixture) -> None:
    away = replace(fixture.host, host="127.0.0.2", port=1, api_url="http://127.0.0.1:1/")
    with pytest.raises(TransientError, match="does not answer"):
        fixture.brokers.examine(away)


def test_an_account_works_until_its_instance_is_removed(fixture: Fixture) -> None:
    account = fixture.account("campus")
    fixture.brokers.ensure(fixture.host, [account])
    assert fixture.works(account)
    assert fixture.brokers.accounts(fixture.host) == {account.user}

    fixture.brokers.drop(fixture.host, account)
    fixture.brokers.drop(fixture.host, account)

    assert not fixture.works(account)
    assert fixture.brokers.accounts(fixture.host) == frozenset()
    assert fixture.waiting(account) == 0


def test_ensuring_again_keeps_messages(fixture: Fixture) -> None:
    account = fixture.account("kept")
    fixture.brokers.ensure(fixture.host, [account])
    fixture.send(account)
    fixture.brokers.ensure(fixture.host, [account])
    assert QUEUE in fixture.brokers.usage(fixture.host, account).queues
    fixture.brokers.drop(fixture.host, account)


def test_two_passwords_work_until_the_former_is_left_out(fixture: Fixture) -> None:
    former = fixture.account("turned")
    new = fixture.account("turned", "turned_2", "another-secret")
    fixture.brokers.ensure(fixture.host, [former])
    fixture.brokers.ensure(fixture.host, [new, former])
    assert (fixture.works(new), fixture.works(former)) == (True, True)
    fixture.brokers.ensure(fixture.host, [new])
    assert (fixture.works(new), fixture.works(former)) == (True, False)
    fixture.brokers.drop(fixture.host, new)


@NEEDS_RABBITMQ
def test_instances_on_one_rabbitmq_are_kept_apart(rabbitmq: BrokerHost) -> None:
    fixture = Fixture(RabbitmqBrokers(), rabbitmq)
    item, two = fixture.account("apart_1"), fixture.account("apart_2")
    for account in (item, two):
        fixture.brokers.ensure(rabbitmq, [account])
    assert not fixture.works(replace(item, vhost=two.vhost))
    assert not fixture.works(replace(item, vhost="/"))
    with pytest.raises(PermanentError, match="401"):  # it has no rights in the management
        fixture.brokers.examine(replace(rabbitmq, user=item.user, password=item.password))
    fixture.brokers.drop(rabbitmq, item)
    assert fixture.works(two)
    fixture.brokers.drop(rabbitmq, two)


@NEEDS_RABBITMQ
def test_shop_and_lms_have_virtual_hosts_of_their_own(rabbitmq: BrokerHost) -> None:
    fixture = Fixture(RabbitmqBrokers(), rabbitmq)
    account = fixture.account("both")
    fixture.brokers.ensure(rabbitmq, [account])
    fixture.send(account)
    fixture.send(account, slashes="/")  # as edx-platform joins it
    fixture.brokers.drop(rabbitmq, account)


@NEEDS_RABBITMQ
def test_a_port_that_speaks_no_amqp_is_refused(rabbitmq: BrokerHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=answer_as_a_web_server, args=(server,))
        answering.start()
        with pytest.raises(PermanentError, match="does not speak AMQP"):
            RabbitmqBrokers().examine(replace(rabbitmq, port=server.getsockname()[1]))
        answering.join()


def answer_as_a_web_server(server: socket.socket) -> None:
    connection, _address = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400")


def test_the_own_virtual_host_of_rabbitmq_is_never_touched() -> None:
    host = BrokerHost("rabbitmq", "10.0.0.9", 5672, "http://10.0.0.9/", "ocim", Secret(""))
    with pytest.raises(ValueError, match="needs a virtual host"):
        RabbitmqBrokers().drop(host, Broker("rabbitmq", "x", 1, "x", Secret("x"), "/"))


@NEEDS_REDIS
def test_an_instances_account_on_redis_has_no_command_of_administrators(redis: BrokerHost) -> None:
    fixture = Fixture(RedisBrokers(), redis)
    account = fixture.account("campus")
    fixture.brokers.ensure(redis, [account])
    with connected(url_of(account)) as line:
        client = line.channel().client
        for command in (["CONFIG", "GET", "dir"], ["ACL", "LIST"], ["FLUSHALL"], ["MONITOR"]):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command)
        assert client.info()["redis_version"]  # which older clients ask for
    with pytest.raises(PermanentError):
        fixture.brokers.examine(replace(redis, user="default", password=account.password))


@NEEDS_REDIS
def test_the_slash_of_edx_platform_leads_to_the_same_redis_database(redis: BrokerHost) -> None:
    fixture = Fixture(RedisBrokers(), redis)
    account = fixture.account("campus")
    fixture.brokers.ensure(redis, [account])
    fixture.send(account)
    fixture.send(account, slashes="/")
    assert fixture.waiting(account) == 2


@NEEDS_REDIS
def test_a_redis_that_forgets_accounts_or_messages_is_refused(redis: BrokerHost) -> None:
    with Redis(redis.host, redis.port, username=redis.user, password=PASSWORD) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(PermanentError, match="set `maxmemory-policy noeviction`"):
        RedisBrokers().examine(redis)
