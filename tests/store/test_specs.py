import pytest
from pytest_django import DjangoAssertNumQueries

from ocim.core.instance import ALWAYS, Instance, Service
from ocim.store.models import BrokerServer, DatabaseServer, OpenEdXInstance, SearchServer
from ocim.store.specs import all_databases, appserver_spec, copies, instance_spec
from tests.world import World

BOTH = "SANDBOX_ENABLE_ECOMMERCE: yes\nSANDBOX_ENABLE_DISCOVERY: 'on'\n"


def spec(world: World, instance: OpenEdXInstance) -> Instance:
    return instance_spec(instance, world.policy)


@pytest.mark.parametrize(
    "settings, services",
    [
        ("", ALWAYS),
        ("SANDBOX_ENABLE_ECOMMERCE: yes", {*ALWAYS, Service.ECOMMERCE}),
        ("SANDBOX_ENABLE_DISCOVERY: 'true'", {*ALWAYS, Service.DISCOVERY}),
        ("SANDBOX_ENABLE_DISCOVERY: no", ALWAYS),
        (BOTH, set(Service)),
        ('"SANDBOX\\x5fENABLE_ECOMMERCE": yes', {*ALWAYS, Service.ECOMMERCE}),
        ("# SANDBOX_ENABLE_ECOMMERCE: yes", ALWAYS),
    ],
)
def test_the_services_of_an_instance_are_those_that_its_settings_turn_on(
    world: World, settings: str, services: set[Service]
) -> None:
    instance = world.make_instance(configuration_extra_settings=settings)
    assert spec(world, instance).services == services


def test_settings_that_cannot_be_read_turn_nothing_on(world: World) -> None:
    instance = world.make_instance()
    instance.configuration_extra_settings = "SANDBOX_ENABLE_ECOMMERCE: ["
    assert spec(world, instance).services == ALWAYS


def test_each_service_has_a_database_of_its_own(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings=BOTH)
    databases = spec(world, instance).databases
    assert list(databases) == ["edxapp", "ecommerce", "discovery"]
    assert databases["ecommerce"].name.endswith(f"/{instance.database_name}/ecommerce.sqlite3")


def test_databases_of_services_that_are_off_are_known_where_all_are_dropped(world: World) -> None:
    names = [
        database.name.rsplit("/", 1)[1]
        for database in all_databases(world.make_instance()).values()
    ]
    assert names == ["edxapp.sqlite3", "ecommerce.sqlite3", "discovery.sqlite3"]


def test_on_a_database_server_each_database_has_upstreams_name_and_an_account_of_its_own(
    world: World,
) -> None:
    instance = world.make_instance(configuration_extra_settings=BOTH)
    instance.database_server = DatabaseServer(kind="mysql", host="db.internal")
    databases = spec(world, instance).databases
    purposes = ("edxapp", "edxapp_csmh", "xqueue", "ecommerce", "discovery")
    assert {purpose: database.name for purpose, database in databases.items()} == {
        purpose: f"{instance.database_name}_{purpose}" for purpose in purposes
    }
    accounts = {database.user: database.password for database in databases.values()}
    for database in databases.values():
        assert (database.host, database.port) == ("db.internal", 3306)
        for shared in (database.migrator, database.reader):
            assert shared
            accounts[shared.user] = shared.password
    assert len(accounts) == len(set(accounts.values())) == len(purposes) + 2
    assert all(len(user) <= 16 for user in accounts)


def test_the_copies_for_a_dry_run_have_an_account_that_no_database_of_the_instance_has(
    world: World,
) -> None:
    instance = world.make_instance(configuration_extra_settings=BOTH)
    instance.database_server = DatabaseServer(kind="postgresql", host="db.internal")
    own = spec(world, instance).databases
    for purpose, copy in copies(instance, world.policy).items():
        assert copy.name == f"dry_run_{own[purpose].name}"
        assert copy.user not in {database.user for database in own.values()}
        assert copy.migrator != own[purpose].migrator
        assert len(copy.user) <= 16


def test_two_instances_on_one_server_have_different_accounts(world: World) -> None:
    first, second = world.make_instance(), world.make_instance()
    for instance in (first, second):
        instance.database_server = DatabaseServer(kind="mysql", host="db.internal")
    of_first, of_second = (
        spec(world, instance).databases["edxapp"] for instance in (first, second)
    )
    assert of_first.user != of_second.user
    assert of_first.password != of_second.password


def test_rabbitmq_gives_an_account_and_a_virtual_host(world: World) -> None:
    instance = world.make_instance()
    instance.broker_server = BrokerServer(kind="rabbitmq", host="mq.internal", port=5672)
    broker = spec(world, instance).broker
    assert broker
    assert (broker.host, broker.port) == ("mq.internal", 5672)
    assert broker.vhost == f"/{instance.database_name}"
    assert broker.password.reveal()


def test_redis_gives_the_number_of_a_database(world: World) -> None:
    instance = world.make_instance()
    instance.broker_server = BrokerServer(kind="redis", host="redis", port=6379)
    broker = spec(world, instance).broker
    assert broker
    assert (broker.port, broker.user, broker.vhost) == (6379, "", "/0")
    assert len(broker.password.reveal()) == 32


def test_a_search_server_gives_a_prefix_and_an_account(world: World) -> None:
    instance = world.make_instance()
    instance.search_server = SearchServer(host="search.internal", port=9200)
    search = spec(world, instance).search
    assert search
    assert search.url == "http://search.internal:9200/"
    assert search.index_prefix.startswith(instance.database_name)


def test_an_app_server_keeps_the_services_that_it_was_given(world: World) -> None:
    SearchServer.objects.create(
        name="search", kind="elasticsearch", host="127.0.0.1", port=9200, admin_user="elastic"
    )
    instance = world.make_instance(configuration_extra_settings=BOTH)
    appserver = world.spawn(instance)
    OpenEdXInstance.objects.update(configuration_extra_settings="")
    appserver.instance.refresh_from_db()
    assert spec(world, appserver.instance).services == ALWAYS
    assert appserver_spec(appserver, world.policy).services == set(Service)


def test_a_spec_asks_for_no_more_than_the_instance(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.make_instance(configuration_extra_settings=BOTH)
    instance = OpenEdXInstance.objects.select_related("database_server").get()
    with django_assert_num_queries(0):
        spec(world, instance)
