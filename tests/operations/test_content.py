"""Content servers: registered; instances placed on them, with accounts that are rotated."""

import pytest

from ocim.adapters.memory.content import MemoryContentServer
from ocim.core.content import ContentAccount
from ocim.core.errors import Conflict, PermanentError, TransientError, ValidationError
from ocim.core.secrets import Secret
from ocim.operations import content, instances
from ocim.operations.content_servers import KINDS, MONGODB, ContentKind
from ocim.operations.doctor.content import check_content_servers
from ocim.operations.effective import deserialize, effective_variables
from ocim.operations.outages import shared_servers_of
from ocim.store.content_specs import meilisearch_account, mongodb_account
from ocim.store.models import ContentServer, OpenEdXAppServer, OpenEdXInstance
from ocim.store.specs import copies
from tests.world import World

URLS = {"mongodb": "mongodb://mongodb.example.com", "meilisearch": "https://meili.example.com"}
ADDRESSES = {
    "mongodb": "mongodb://mongodb.example.com:27017",
    "meilisearch": "https://meili.example.com:443",
}
OF_KINDS = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)


def register(world: World, kind: ContentKind, name: str = "main", url: str = "") -> ContentServer:
    return kind.register(
        name=name, url=url or URLS[kind.kind], user="root", password=Secret("secret"),
        context=world.context(),
    )  # fmt: skip


@pytest.fixture
def tutored(world: World) -> World:
    world.add_tutor()
    return world


def campus(world: World) -> OpenEdXInstance:
    return world.make_instance(
        provisioner="tutor", provider="docker", openedx_release="release/ulmo.4"
    )


def both(world: World) -> None:
    for kind in KINDS:
        register(world, kind)


def accounts(instance: OpenEdXInstance) -> tuple[ContentAccount, ContentAccount]:
    mongodb, meilisearch = mongodb_account(instance), meilisearch_account(instance)
    assert mongodb
    assert meilisearch
    return mongodb, meilisearch


@OF_KINDS
def test_a_server_is_registered_with_its_version(world: World, kind: ContentKind) -> None:
    server = register(world, kind)
    assert (server.url, server.version) == (ADDRESSES[kind.kind], "7.0.28")
    assert kind.find("main") == server


@OF_KINDS
@pytest.mark.parametrize(
    "url", ["db.example.com", "rediss://h", "mongodb://me:pass@h", "http://h/p"]
)
def test_a_url_that_cannot_be_is_refused_with_the_name(
    world: World, kind: ContentKind, url: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        register(world, kind, name="Not a name", url=url)
    assert len(refused.value.faults) >= 2
    assert "pass@" not in str(refused.value)


def test_of_a_replica_set_the_primary_is_registered(world: World) -> None:
    with pytest.raises(ValidationError, match="Name the primary alone"):
        register(world, MONGODB, url="mongodb://one.example.com,two.example.com")


@OF_KINDS
def test_a_server_that_is_away_or_refuses_is_not_registered(
    world: World, kind: ContentKind
) -> None:
    host = URLS[kind.kind].partition("//")[2]
    world.content[kind.kind].away.add(host)
    with pytest.raises(TransientError):
        register(world, kind)
    world.content[kind.kind].away.clear()
    world.content[kind.kind].servers[host] = MemoryContentServer(password=Secret("another"))
    with pytest.raises(PermanentError):
        register(world, kind)
    assert not kind.model._default_manager.exists()


@OF_KINDS
def test_a_server_has_one_name(world: World, kind: ContentKind) -> None:
    register(world, kind)
    with pytest.raises(Conflict, match=f"is the {kind.what} main already"):
        register(world, kind, name="second")
    with pytest.raises(Conflict, match="exists already"):
        register(world, kind, url=f"{URLS[kind.kind]}:1234")


@OF_KINDS
def test_ocim_creates_none(world: World, kind: ContentKind) -> None:
    with pytest.raises(Conflict, match=f"Ocim creates no {kind.what}") as refused:
        kind.request_creation(name="main", provider="local", context=world.context())
    assert f"{kind.command} register" in refused.value.remedy


def test_an_instance_of_tutor_is_placed_on_both(tutored: World) -> None:
    both(tutored)
    instance = campus(tutored)
    assert str(instance.mongodb_server) == str(instance.meilisearch_server) == "main"
    kinds = [kind.kind for kind, _ in shared_servers_of(instance)]
    assert kinds == ["mysql", "mongodb", "meilisearch"]


def test_an_instance_of_ansible_has_neither_server_nor_variables(world: World) -> None:
    both(world)
    instance = world.make_instance()
    assert (instance.mongodb_server, instance.meilisearch_server) == (None, None)
    for kind in KINDS:
        content.assign(instance=instance, server=kind.find("main"), kind=kind)
    variables = effective_variables(instance, world.context().policy)
    assert not [name for name in variables.values if name.startswith("TUTOR_")]


def test_the_emptiest_server_that_hosts_reach_is_chosen(tutored: World) -> None:
    register(tutored, MONGODB, name="full")
    campus(tutored)
    register(tutored, MONGODB, name="near", url="mongodb://127.0.0.1")
    assert str(campus(tutored).mongodb_server) == "full"
    register(tutored, MONGODB, name="empty", url="mongodb://10.0.0.9")
    instance = campus(tutored)
    assert str(instance.mongodb_server) == "empty"


def test_hosts_must_reach_the_server_that_is_assigned(tutored: World) -> None:
    near = register(tutored, MONGODB, url="mongodb://127.0.0.1")
    with pytest.raises(Conflict, match="docker hosts do not reach"):
        content.assign(instance=campus(tutored), server=near, kind=MONGODB)


def test_tutor_gets_the_instances_accounts_and_never_ocims(tutored: World) -> None:
    both(tutored)
    instance = campus(tutored)
    mongodb, meilisearch = accounts(instance)
    values = effective_variables(instance, tutored.context().policy).values
    made = {name: value for name, value in values.items() if name.startswith("TUTOR_M")}
    name = instance.database_name
    assert made == {
        "TUTOR_MONGODB_HOST": "mongodb.example.com",
        "TUTOR_MONGODB_PORT": 27017,
        "TUTOR_MONGODB_USE_SSL": False,
        "TUTOR_MONGODB_DATABASE": name,
        "TUTOR_MONGODB_AUTH_SOURCE": name,
        "TUTOR_MONGODB_USERNAME": f"openedx_{instance.pk}",
        "TUTOR_MONGODB_PASSWORD": mongodb.password,
        "TUTOR_MEILISEARCH_URL": "https://meili.example.com:443",
        "TUTOR_MEILISEARCH_PUBLIC_URL": "https://meili.example.com:443",
        "TUTOR_MEILISEARCH_INDEX_PREFIX": f"{name}_",
        "TUTOR_MEILISEARCH_API_KEY_UID": meilisearch.user,
        "TUTOR_MEILISEARCH_API_KEY": meilisearch.password,
    }
    assert Secret("secret") not in made.values()


def test_a_dry_run_of_migrations_has_no_access(tutored: World) -> None:
    both(tutored)
    instance = campus(tutored)
    policy = tutored.context().policy
    values = effective_variables(instance, policy, databases=copies(instance, policy)).values
    mongodb, meilisearch = accounts(instance)
    assert values["TUTOR_MONGODB_PASSWORD"] != mongodb.password
    assert values["TUTOR_MEILISEARCH_API_KEY"] != meilisearch.password


def test_an_instance_that_was_there_before_is_placed_when_it_changes(tutored: World) -> None:
    instance = campus(tutored)
    assert instance.mongodb_server is None
    both(tutored)
    changed, _ = instances.change(
        instance_id=instance.pk, changes={"name": "Another"}, context=tutored.context()
    )
    assert str(changed.mongodb_server) == str(changed.meilisearch_server) == "main"


def test_what_a_change_would_make_has_the_servers_and_stores_none(tutored: World) -> None:
    instance = campus(tutored)
    both(tutored)
    _, variables = instances.as_changed(instance, {"name": "Another"}, tutored.context())
    assert variables.values["TUTOR_MONGODB_HOST"] == "mongodb.example.com"
    assert instance.mongodb_server is None


@OF_KINDS
def test_an_instance_stays_on_its_server(tutored: World, kind: ContentKind) -> None:
    both(tutored)
    instance = campus(tutored)
    second = register(tutored, kind, name="second", url=f"{URLS[kind.kind]}:1234")
    with pytest.raises(Conflict, match=f"is on the {kind.what} main already"):
        content.assign(instance=instance, server=second, kind=kind)
    with pytest.raises(Conflict, match="in use by 1 instance"):
        kind.remove(name="main", context=tutored.context())
    kind.remove(name="second", context=tutored.context())


@OF_KINDS
def test_without_a_server_there_is_nothing_to_rotate(world: World, kind: ContentKind) -> None:
    with pytest.raises(Conflict, match=f"has no {kind.what}"):
        content.rotate(instance=world.make_instance(), kind=kind)


def started(world: World) -> tuple[OpenEdXInstance, OpenEdXAppServer]:
    both(world)
    instance = campus(world)
    appserver = world.spawn(instance)
    assert appserver.state == "running"
    return instance, appserver


@OF_KINDS
def test_a_former_account_works_as_long_as_an_app_server_has_it(
    tutored: World, kind: ContentKind
) -> None:
    instance, appserver = started(tutored)
    former = kind.account(instance, 0)
    assert former
    assert former.password == deserialize(appserver).values[kind.variable]
    server = tutored.content[kind.kind].servers[former.host]
    content.rotate(instance=instance, kind=kind)
    content.prepare(instance, tutored.context())
    present = kind.account(instance, 0)
    assert present
    assert server.accepts(former)
    assert server.accepts(present)

    OpenEdXAppServer.objects.filter(pk=appserver.pk).update(state="terminated")
    content.settle(instance, tutored.context())

    assert not server.accepts(former)
    assert server.accepts(present)


def test_with_the_instance_its_accounts_and_content_go(tutored: World) -> None:
    both(tutored)
    instance = campus(tutored)
    content.prepare(instance, tutored.context())
    servers = [tutored.content[kind.kind].servers for kind in KINDS]
    assert all(server.places for each in servers for server in each.values())
    content.forget(instance, tutored.context())
    assert not any(server.places for each in servers for server in each.values())


@OF_KINDS
def test_the_doctor_finds_missing_and_foreign_accounts(tutored: World, kind: ContentKind) -> None:
    instance, _ = started(tutored)
    assert list(check_content_servers(tutored.context())) == []
    [server] = tutored.content[kind.kind].servers.values()
    server.places = {"theirs": {"somebody": Secret("x")}}

    missing, foreign = check_content_servers(tutored.context())

    assert (missing.where, foreign.where) == (str(instance), "main")
    assert missing.repair
    missing.repair()
    assert server.accepts(kind.account(instance, 0))  # type: ignore[arg-type]


@OF_KINDS
def test_the_doctor_names_a_server_that_is_away(world: World, kind: ContentKind) -> None:
    server = register(world, kind)
    world.content[kind.kind].away.add(server.host)
    [finding] = check_content_servers(world.context())
    assert (finding.severity, finding.where) == ("error", "main")
