"""Search servers: entered or made, used by instances, never taken from under them."""

from dataclasses import replace

import pytest

from ocim.adapters.memory.providers import MemoryProvider
from ocim.adapters.memory.provisioners import MemoryRun
from ocim.adapters.memory.search import MemorySearchServer, MemorySearchServers
from ocim.core.errors import (
    Conflict,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.instance import SearchHost
from ocim.core.secrets import Secret
from ocim.core.states import JobState
from ocim.operations import hosts, instances, jobs, search_servers, shared_servers
from ocim.operations.effective import effective_variables
from ocim.store.models import InstanceReference, Job, SearchServer
from ocim.store.specs import search_place
from tests.world import FIELDS, QUEUE, Killed, World

URL = "http://search.example.com:9200"
WITH_DISCOVERY = {"configuration_extra_settings": "SANDBOX_ENABLE_DISCOVERY: true\n"}


def register(world: World, name: str = "main", url: str = URL, **options: str) -> SearchServer:
    return search_servers.register(
        name=name,
        url=url,
        user="elastic",
        password=Secret("secret"),
        context=world.context(),
        **options,
    )


def test_a_server_is_entered_when_it_has_answered(world: World) -> None:
    server = register(world)
    assert (server.url, server.version) == (f"{URL}/", "7.17.0")
    assert server.accepts_new_clients


@pytest.mark.parametrize(
    "url, full",
    [("https://es.example.com", "https://es.example.com:9200/"), ("http://h:80/", "http://h:80/")],
)
def test_a_url_may_leave_out_the_port(url: str, full: str, world: World) -> None:
    assert register(world, url=url).url == full


@pytest.mark.parametrize(
    "url",
    ["search.example.com", "ftp://h", "http://h:9200/path", "http://h:no", "http://u:pass@h:9200"],
)
def test_a_url_that_cannot_be_is_refused(url: str, world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        register(world, url=url)
    assert "pass@" not in str(refused.value)
    assert not SearchServer.objects.exists()


def test_all_faults_are_said_at_once(world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        register(world, name="Not a name", url="nowhere")
    assert len(refused.value.faults) == 2


def test_a_server_that_is_away_or_refuses_is_not_entered(world: World) -> None:
    world.search.away.add(f"{URL}/")
    with pytest.raises(TransientError):
        register(world)
    world.search.away.clear()
    world.search.servers[f"{URL}/"] = MemorySearchServer(password=Secret("another"))
    with pytest.raises(PermanentError):
        register(world)
    assert not SearchServer.objects.exists()


@pytest.mark.parametrize(
    "said, fits", [("7", True), ("7.17.0", True), ("7.1", False), ("8", False)]
)
def test_a_version_that_is_said_has_to_be_so(said: str, fits: bool, world: World) -> None:
    if fits:
        register(world, version=said)
    else:
        with pytest.raises(ValidationError, match=r"has version 7\.17\.0"):
            register(world, version=said)
    assert SearchServer.objects.exists() is fits


def test_a_name_is_taken_once(world: World) -> None:
    register(world)
    with pytest.raises(Conflict, match="already"):
        register(world, url="http://other:9200")


def test_an_instance_with_discovery_is_placed_on_the_one_with_the_fewest(world: World) -> None:
    first, second = register(world), register(world, "second", "http://second:9200")
    placed = [world.make_instance(**WITH_DISCOVERY).search_server for _ in range(4)]
    assert placed == [first, second, first, second]
    assert world.make_instance().search_server is None


def test_a_server_at_a_loopback_address_is_for_hosts_of_this_machine(world: World) -> None:
    register(world, url="http://127.0.0.5:9200")
    other = MemoryProvider(world.cloud, kind="nspawn")
    context = world.context()
    adapters = replace(context.adapters, providers={**context.adapters.providers, "nspawn": other})
    far, _ = instances.create(
        fields={
            **FIELDS,
            **WITH_DISCOVERY,
            "internal_lms_domain": "far.example.com",
            "provider": "nspawn",
        },
        context=replace(context, adapters=adapters),
    )
    assert far.search_server is None
    assert world.make_instance(**WITH_DISCOVERY).search_server is not None


def test_the_same_server_is_not_entered_under_two_names(world: World) -> None:
    register(world)
    with pytest.raises(Conflict, match="is the search server main already"):
        register(world, "second")


def test_turning_discovery_on_later_places_it_too(world: World) -> None:
    instance = world.make_instance()
    server = register(world)
    changed, _ = instances.change(
        instance_id=instance.pk, changes=WITH_DISCOVERY, context=world.context()
    )
    assert changed.search_server == server


def test_one_that_was_there_before_any_server_is_placed_when_it_spawns(world: World) -> None:
    instance = world.make_instance(**WITH_DISCOVERY)
    server = register(world)
    world.spawn(instance)
    instance.refresh_from_db()
    assert instance.search_server == server


def test_an_app_server_finds_an_account_of_its_own_instance(world: World) -> None:
    register(world)
    instance = world.make_instance(**WITH_DISCOVERY)
    appserver = world.spawn(instance)
    place = world.search.servers[f"{URL}/"].places[f"openedx_{instance.pk}"]
    assert place == search_place(instance)
    assert place.index_prefix == f"{instance.database_name}_"
    values = effective_variables(instance, world.policy).values
    assert values["DISCOVERY_ELASTICSEARCH_INDEX_NAME"] == f"{place.index_prefix}catalog"
    assert appserver.state == "running"


def test_a_spawn_fails_where_the_search_server_is_away(world: World) -> None:
    register(world)
    instance = world.make_instance(**WITH_DISCOVERY)
    world.search.away.add(f"{URL}/")
    _, job = world.request_spawn(instance)
    world.work(instance)
    job.refresh_from_db()
    assert "does not answer" in job.error
    assert not world.cloud.requests, "a host was asked for before the search server was"


def test_a_server_in_use_is_not_removed(world: World) -> None:
    register(world)
    instance = world.make_instance(**WITH_DISCOVERY)
    with pytest.raises(Conflict, match=r"main is in use by 1 instance, such as Demo"):
        search_servers.remove(name="main", context=world.context())
    assert SearchServer.objects.get().accepts_new_clients
    InstanceReference.objects.filter(pk=instance.pk).update(is_archived=True)
    world.search.servers[f"{URL}/"].documents = {f"{instance.database_name}_catalog_1": 3}
    with pytest.raises(Conflict):
        search_servers.remove(name="main", context=world.context())
    instances.delete(instance_id=instance.pk, context=world.context())
    assert world.search.servers[f"{URL}/"].documents == {}
    assert world.search.servers[f"{URL}/"].places == {}
    search_servers.remove(name="main", context=world.context())
    assert not SearchServer.objects.exists()


def request(world: World, name: str = "main", provider: str = "local") -> tuple[SearchServer, Job]:
    return search_servers.request_creation(
        name=name, provider=provider, queue=QUEUE, context=world.context()
    )


def create(world: World) -> SearchServer:
    """Return the search server main, created by a worker."""
    server, job = request(world)
    world.work(server)
    assert outcome(job) == (JobState.DONE, "")
    server.refresh_from_db()
    return server


def outcome(job: Job) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.error


def log_of(job: Job) -> list[str]:
    return [line.text for line in job.log_entries.order_by("id")]


def test_one_is_made_on_a_host_of_its_own(world: World) -> None:
    server = create(world)
    [job] = world.provisioner.jobs
    assert (job.host.name, job.source.playbook) == ("search-main", "search_server.yml")
    assert job.variables["ELASTICSEARCH_PASSWORD"] == Secret(server.admin_password)
    assert server.url == f"http://{job.host.address}:9200/"
    assert server.accepts_new_clients


def test_what_was_interrupted_is_gone_on_with(world: World) -> None:
    world.provisioner.runs["search-main"] = MemoryRun(fails_with="no disk")
    unfinished, failed = request(world)
    world.work(unfinished)
    assert "no disk Continue with `ocim search-server create main`" in outcome(failed)[1]
    assert not unfinished.accepts_new_clients
    assert world.make_instance(**WITH_DISCOVERY).search_server is None
    world.provisioner.runs.clear()
    server = create(world)
    assert (server.pk, server.admin_password) == (unfinished.pk, unfinished.admin_password)
    assert list(world.cloud.requests) == ["search-main"]
    with pytest.raises(Conflict, match="already"):
        request(world)


def test_two_requests_for_a_name_lead_to_one_job(world: World) -> None:
    assert request(world) == request(world)


def test_another_worker_continues_with_the_host_of_one_that_died(world: World) -> None:
    server, job = request(world)
    world.provisioner.runs["search-main"] = MemoryRun(crash=Killed())
    world.die(server)
    world.provisioner.runs.clear()
    world.clock.forward(world.policy.lease + 1)
    assert jobs.abandoned(context=world.context("worker-2")) == [jobs.wake_up(job)]
    world.work(server, worker="worker-2")
    assert outcome(job) == (JobState.DONE, "")
    assert list(world.cloud.requests) == ["search-main"]
    assert log_of(job).count("Taken up again after an interruption.") == 1


def test_a_worker_that_lost_its_lease_does_not_open_the_server(world: World) -> None:
    server, job = request(world)

    class Slow(MemorySearchServers):
        def examine(self, host: SearchHost) -> str:
            world.clock.forward(world.policy.lease + 1)
            world.claim(server, "worker-2")
            return super().examine(host)

    world.search = Slow()
    world.work(server)
    server.refresh_from_db()
    assert (outcome(job)[0], server.version) == (JobState.RUNNING, "")
    assert not server.accepts_new_clients


def test_the_log_of_its_creation_is_kept_without_its_password(world: World) -> None:
    server, job = request(world)
    failure = f"the password is {server.admin_password}"
    world.provisioner.runs["search-main"] = MemoryRun(fails_with=failure)
    world.work(server)
    asked, provisioned, *_, failed = log_of(job)
    assert asked == "Asking local for a host."
    assert provisioned.startswith("Provisioning search-main at ")
    assert failed.startswith("Failed: ")
    assert server.admin_password not in "".join([*log_of(job), outcome(job)[1]])


def test_a_creation_is_cancelled_and_continued(world: World) -> None:
    server, job = request(world)
    shared_servers.cancel(server)
    world.work(server)
    assert outcome(job) == (JobState.FAILED, "Cancelled.")
    with pytest.raises(Conflict, match="main has no open job to cancel"):
        shared_servers.cancel(server)
    assert create(world).accepts_new_clients


def test_one_that_is_being_created_is_not_removed(world: World) -> None:
    server, _ = request(world)
    world.claim(server)
    with pytest.raises(Conflict, match="main is busy with another job"):
        search_servers.remove(name="main", context=world.context("worker-2"))
    assert SearchServer.objects.get() == server


def test_an_unknown_provider_makes_nothing(world: World) -> None:
    with pytest.raises(ValidationError, match="unknown kind 'cloud'"):
        request(world, provider="cloud")
    assert not SearchServer.objects.exists()


def test_a_server_that_was_made_goes_with_its_host(world: World) -> None:
    create(world)
    search_servers.remove(name="main", context=world.context())
    assert not world.cloud.requests
    assert not Job.objects.exists()


def test_its_host_starts_before_app_servers_and_is_no_orphan(world: World) -> None:
    create(world)
    world.spawn(world.make_instance(**WITH_DISCOVERY))
    assert hosts.orphans(provider="local", context=world.context()) == []
    hosts.stop_all(provider="local", context=world.context())
    assert hosts.start_all(provider="local", context=world.context()) == []
    assert world.cloud.stopped == set()
