"""Brokers: registered, placed, given accounts that are rotated and removed."""

import pytest

from ocim.adapters.memory.brokers import MemoryBroker
from ocim.adapters.memory.providers import MemoryProvider
from ocim.core.errors import Conflict, PermanentError, TransientError, ValidationError
from ocim.core.job_kinds import JobKind
from ocim.core.secrets import Secret
from ocim.operations import broker_servers, brokers, instances
from ocim.operations.doctor.brokers import check_brokers
from ocim.operations.effective import deserialize
from ocim.operations.findings import Finding
from ocim.store.models import BrokerServer, Job, OpenEdXAppServer, OpenEdXInstance
from ocim.store.specs import broker_account
from tests.world import QUEUE, World

URL = "https://mq.example.com"


def register(world: World, name: str = "main", url: str = URL, port: int = 0) -> BrokerServer:
    return broker_servers.register(
        name=name, url=url, user="ocim", password=Secret("secret"), port=port,
        context=world.context(),
    )  # fmt: skip


def test_rabbitmq_is_named_by_its_management_and_known_by_both_ports(world: World) -> None:
    server = register(world)
    assert (server.kind, server.version) == ("rabbitmq", "3.10.8")
    assert server.url == "amqp://mq.example.com:5672"
    assert server.api_url == "https://mq.example.com:15671/"


def test_both_ports_may_be_others(world: World) -> None:
    server = register(world, url="http://mq.example.com:80", port=5673)
    assert (server.port, server.api_url) == (5673, "http://mq.example.com:80/")


def test_redis_is_named_by_its_own_url(world: World) -> None:
    server = register(world, url="redis://redis.example.com")
    assert (server.kind, server.url, server.api_url) == (
        "redis", "redis://redis.example.com:6379", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    "url", ["mq.example.com", "rediss://h", "amqp://h", "http://h/path", "redis://:pass@h:6379"]
)
def test_a_url_that_cannot_be_is_refused_with_the_name(world: World, url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        register(world, name="Not a name", url=url)
    assert len(refused.value.faults) == 2
    assert "pass@" not in str(refused.value)
    assert not BrokerServer.objects.exists()


def test_a_server_that_is_away_or_refuses_is_not_registered(world: World) -> None:
    world.brokers["rabbitmq"].away.add("mq.example.com")
    with pytest.raises(TransientError):
        register(world)
    world.brokers["rabbitmq"].away.clear()
    world.brokers["rabbitmq"].servers["mq.example.com"] = MemoryBroker(password=Secret("another"))
    with pytest.raises(PermanentError):
        register(world)
    assert not BrokerServer.objects.exists()


def test_a_server_and_a_name_are_registered_once(world: World) -> None:
    register(world)
    with pytest.raises(Conflict, match="is the broker server main already"):
        register(world, name="second")
    with pytest.raises(Conflict, match="'main' exists already"):
        register(world, url="http://other.example.com")


# Creating.


def request(world: World, kind: str = "", provider: str = "local") -> tuple[BrokerServer, Job]:
    return broker_servers.request_creation(
        name="main", kind=kind, provider=provider, queue=QUEUE, context=world.context()
    )


def test_a_local_host_becomes_a_redis_with_an_account_for_ocim(world: World) -> None:
    server, _job = request(world)
    assert not server.accepts_new_clients
    world.work(server)
    server.refresh_from_db()
    assert (server.kind, server.port, server.api_url) == ("redis", 6379, "")
    assert server.accepts_new_clients
    [job] = world.provisioner.jobs
    assert (job.host.name, job.source.playbook) == ("redis-main", "redis_server.yml")
    assert job.variables["REDIS_PASSWORD"] == Secret(server.admin_password)
    assert server.admin_user == "ocim"


def test_a_local_host_cannot_become_a_rabbitmq(world: World) -> None:
    with pytest.raises(ValidationError, match="a local host cannot install it"):
        request(world, kind="rabbitmq")
    assert not BrokerServer.objects.exists()


def test_a_machine_becomes_a_rabbitmq_with_its_management(world: World) -> None:
    world.more_providers["nspawn"] = MemoryProvider(world.cloud, kind="nspawn")
    server, _job = request(world, provider="nspawn")
    world.work(server)
    server.refresh_from_db()
    assert (server.kind, server.port, server.api_port) == ("rabbitmq", 5672, 15672)
    [job] = world.provisioner.jobs
    assert (job.host.name, job.source.playbook) == ("rabbitmq-main", "rabbitmq_server.yml")
    assert job.variables["RABBITMQ_PASSWORD"] == Secret(server.admin_password)


def test_an_interrupted_creation_is_continued_as_the_kind_that_it_was(world: World) -> None:
    request(world, kind="redis")
    assert request(world)[0].kind == "redis"
    with pytest.raises(Conflict, match="of kind redis"):
        request(world, kind="rabbitmq")


# Placing.


def test_a_new_instance_is_placed_on_the_broker_with_the_fewest(world: World) -> None:
    first, second = register(world), register(world, "second", "http://second.example.com")
    placed = [world.make_instance().broker_server for _ in range(4)]
    assert placed == [first, second, first, second]


def test_a_redis_is_for_one_instance_alone(world: World) -> None:
    redis = register(world, url="redis://redis.example.com")
    assert [world.make_instance().broker_server for _ in range(2)] == [redis, None]


def test_a_broker_at_a_loopback_address_is_for_hosts_of_this_machine(world: World) -> None:
    local = register(world, url="http://127.0.0.5:15672")
    assert brokers.open_to("local", world.context()) == [local]
    assert brokers.open_to("nspawn", world.context()) == []


def test_an_instance_without_a_broker_is_assigned_one(world: World) -> None:
    instance = world.make_instance()
    server = register(world)
    brokers.assign(instance=instance, server=server, context=world.context())
    instance.refresh_from_db()
    assert instance.broker_server == server
    with pytest.raises(Conflict, match="is on the broker main already"):
        brokers.assign(instance=instance, server=server, context=world.context())


def test_a_redis_that_serves_an_instance_is_not_assigned_to_another(world: World) -> None:
    other = world.make_instance()
    server = register(world, url="redis://redis.example.com")
    brokers.assign(instance=other, server=server, context=world.context())
    with pytest.raises(Conflict, match="serves one alone"):
        brokers.assign(instance=world.make_instance(), server=server, context=world.context())


def test_a_broker_out_of_reach_is_not_assigned(world: World) -> None:
    instance = world.make_instance()
    OpenEdXInstance.objects.filter(pk=instance.pk).update(provider="nspawn")
    instance.refresh_from_db()
    server = register(world, url="http://127.0.0.5:15672")
    with pytest.raises(Conflict, match=r"nspawn hosts do not reach 127\.0\.0\.5"):
        brokers.assign(instance=instance, server=server, context=world.context())


# Accounts.


def users(world: World, kind: str = "rabbitmq") -> set[str]:
    return {
        user
        for server in world.brokers[kind].servers.values()
        for accounts in server.places.values()
        for user in accounts
    }


def test_a_spawn_creates_the_account_that_its_app_server_has(world: World) -> None:
    register(world)
    instance = world.make_instance()
    assert users(world) == set()
    appserver = world.spawn(instance)
    values = deserialize(appserver).values
    account = broker_account(instance)
    assert account
    assert (values["EDXAPP_CELERY_USER"], values["EDXAPP_CELERY_PASSWORD"]) == (
        account.user, account.password,
    )  # fmt: skip
    assert users(world) == {account.user}


def test_a_broker_that_is_away_fails_the_spawn_with_its_reason(world: World) -> None:
    register(world)
    instance = world.make_instance()
    world.brokers["rabbitmq"].away.add("mq.example.com")
    appserver = world.spawn(instance)
    assert appserver.state == "failed"
    assert "mq.example.com does not answer" in appserver.failure


def rotated(world: World) -> tuple[OpenEdXInstance, OpenEdXAppServer, OpenEdXAppServer]:
    """Return an instance with an app server of before a rotation, and one of after it."""
    register(world)
    instance = world.make_instance()
    old = world.spawn(instance)
    brokers.rotate(instance=instance)
    return instance, old, world.spawn(instance)


def test_a_rotation_keeps_the_account_of_an_app_server_until_that_is_terminated(
    world: World,
) -> None:
    _instance, old, new = rotated(world)
    of_old, of_new = (
        deserialize(each).values["EDXAPP_CELERY_USER"] for each in (old, new)
    )  # fmt: skip
    assert users(world) == {of_old, of_new}
    world.do(JobKind.TERMINATE, old)
    assert users(world) == {of_new}


def test_a_broker_that_is_away_does_not_keep_an_app_server_from_being_terminated(
    world: World,
) -> None:
    _instance, old, _new = rotated(world)
    world.brokers["rabbitmq"].away.add("mq.example.com")
    world.do(JobKind.TERMINATE, old)
    assert old.state == "terminated"
    assert any("are not removed" in entry.text for entry in old.log_entries.all())


def test_an_instance_without_a_broker_has_no_account_to_rotate(world: World) -> None:
    with pytest.raises(Conflict, match="ocim broker assign"):
        brokers.rotate(instance=world.make_instance())


def test_accounts_and_messages_go_with_the_instance(world: World) -> None:
    register(world)
    instance = world.make_instance()
    world.do(JobKind.ARCHIVE, world.spawn(instance))
    instances.delete(instance_id=instance.pk, context=world.context())
    assert users(world) == set()


def test_a_broker_is_not_removed_from_under_its_instances(world: World) -> None:
    register(world)
    instance = world.make_instance()
    with pytest.raises(Conflict, match="in use by 1 instance"):
        broker_servers.remove(name="main", context=world.context())
    OpenEdXInstance.objects.filter(pk=instance.pk).update(broker_server=None)
    broker_servers.remove(name="main", context=world.context())
    assert not BrokerServer.objects.exists()


# The doctor.


def findings(world: World) -> list[Finding]:
    return list(check_brokers(world.context()))


def test_the_doctor_finds_a_missing_account_and_creates_it(world: World) -> None:
    register(world)
    instance = world.make_instance()
    world.spawn(instance)
    assert findings(world) == []
    world.brokers["rabbitmq"].servers["mq.example.com"].places.clear()
    (missing,) = findings(world)
    assert "is missing" in missing.what
    assert missing.repair
    missing.repair()
    assert findings(world) == []


def test_the_doctor_finds_accounts_of_no_instance(world: World) -> None:
    register(world)
    server = MemoryBroker(places={"/old": {"openedx_99": Secret("x")}})
    world.brokers["rabbitmq"].servers["mq.example.com"] = server
    (left,) = findings(world)
    assert (left.severity, "openedx_99" in left.what) == ("warning", True)
    assert left.remedy.endswith("rabbitmqctl delete_user openedx_99")


def test_the_doctor_finds_a_broker_that_is_away(world: World) -> None:
    register(world)
    world.brokers["rabbitmq"].away.add("mq.example.com")
    (away,) = findings(world)
    assert away.severity == "error"
    assert "does not answer" in away.what
