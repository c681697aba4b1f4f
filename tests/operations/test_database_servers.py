"""Database servers: registered or created, chosen for instances, and never taken from them."""

from dataclasses import replace

import pytest

from ocim.adapters.memory.providers import MemoryProvider
from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.errors import Conflict, TransientError, ValidationError
from ocim.core.instance import Database
from ocim.core.rollout_request import RolloutRequest
from ocim.core.secrets import Secret
from ocim.core.states import JobState
from ocim.operations import database_servers, hosts, instance_databases, instances
from ocim.operations.doctor.databases import check_database_servers
from ocim.operations.effective import deserialize
from ocim.operations.rollouts.plan import make_plan
from ocim.presentation.plan_text import plan_lines
from ocim.store.models import DatabaseServer, InstanceReference, Job, OpenEdXInstance
from ocim.store.specs import all_databases, instance_spec
from tests.world import FIELDS, QUEUE, World

URL = "mysql://db.example.com"


def register(world: World, name: str = "main", url: str = URL) -> DatabaseServer:
    server, _ = database_servers.register(
        name=name, url=url, user="ocim", password=Secret("secret"), context=world.context()
    )
    return server


def far_instance(world: World, domain: str = "far.example.com", **fields: str) -> OpenEdXInstance:
    """Create an instance with hosts that are other machines."""
    context = world.context()
    other = MemoryProvider(world.cloud, kind="nspawn")
    adapters = replace(context.adapters, providers={**context.adapters.providers, "nspawn": other})
    instance, _ = instances.create(
        fields={**FIELDS, "internal_lms_domain": domain, "provider": "nspawn", **fields},
        context=replace(context, adapters=adapters),
    )
    return instance


@pytest.mark.parametrize(
    "url, full",
    [
        (URL, "mysql://db.example.com:3306"),
        ("postgresql://db.example.com", "postgresql://db.example.com:5432"),
        ("mysql://db.example.com:3307/", "mysql://db.example.com:3307"),
    ],
)
def test_a_url_may_leave_out_the_port(url: str, full: str, world: World) -> None:
    assert register(world, url=url).url == full


def test_what_a_server_says_of_itself_is_passed_on(world: World) -> None:
    world.servers["mysql"].problems = ("It is slow.",)
    server, problems = database_servers.register(
        name="main",
        url="mysql://db.example.com:3307",
        user="ocim",
        password=Secret("secret"),
        context=world.context(),
    )
    assert server.version == "Memory of mysql"
    assert problems[0] == "It is slow."
    assert "3306 only" in problems[1]


SHORT = "INSERT INTO django_migrations (app, name) VALUES ('thumbnail', '0001_initial')"
WHOLE = SHORT.replace("name)", "name, applied)").replace("')", "', CURRENT_TIMESTAMP)")


def notes(world: World, *sql: str) -> list[str]:
    """Return the notes of the plan of a rollout with this SQL."""
    plan = make_plan(RolloutRequest(tag="t", update={}, sql=sql), context=world.context())
    return [line for line, _ in plan_lines(plan) if line.startswith("Note: ")]


def test_a_plan_tells_what_a_server_needs_of_the_sql_that_has_become_strict(world: World) -> None:
    register(world)
    world.spawn(world.make_instance(database_server="main"))
    assert notes(world, SHORT) == []
    world.servers["mysql"].is_strict = True
    [note] = notes(world, WHOLE, SHORT)
    assert note.startswith("Note: statement 2 names no value for `applied`")
    assert "(main)" in note


def test_a_server_that_does_not_answer_counts_as_strict_in_a_plan(world: World) -> None:
    register(world)
    world.spawn(world.make_instance(database_server="main"))
    world.servers["mysql"].away.add("db.example.com")
    [note] = notes(world, SHORT)
    assert "(main)" in note


def test_all_faults_are_reported_at_once(world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        register(world, name="Not a name", url="oracle://u:pass@db")
    assert len(refused.value.faults) == 3
    assert "pass@" not in str(refused.value)


def test_a_server_that_does_not_answer_is_not_registered(world: World) -> None:
    world.servers["mysql"].away.add("db.example.com")
    with pytest.raises(TransientError):
        register(world)
    assert not DatabaseServer.objects.filter(name="main").exists()


@pytest.mark.parametrize("name, url", [("main", "mysql://other"), ("other", URL)])
def test_a_name_and_an_address_are_taken_once(name: str, url: str, world: World) -> None:
    register(world)
    with pytest.raises(Conflict, match="already"):
        register(world, name, url)


def test_an_instance_on_hosts_of_this_machine_has_embedded_databases(world: World) -> None:
    register(world)
    assert world.make_instance().database_server == world.database_server


def test_an_instance_may_name_its_server(world: World) -> None:
    server = register(world)
    instance = world.make_instance(database_server="main")
    assert instance.database_server == server
    assert instance_spec(instance, world.policy).databases["edxapp"].host == "db.example.com"


def test_an_instance_on_other_hosts_is_placed_on_the_server_with_the_fewest(world: World) -> None:
    first, second = register(world), register(world, "second", "postgresql://db.example.com")
    register(world, "beside", "mysql://127.0.0.5")
    placed = [far_instance(world, f"far-{n}.example.com").database_server for n in range(4)]
    assert placed == [first, second, first, second]


@pytest.mark.parametrize("name", ["beside", "closed", "unknown"])
def test_a_server_that_cannot_be_chosen_is_refused_with_those_that_can(
    name: str, world: World
) -> None:
    register(world, "beside", "mysql://127.0.0.5")
    register(world, "closed")
    register(world, "good", "mysql://good.example.com")
    DatabaseServer.objects.filter(name="closed").update(accepts_new_clients=False)
    with pytest.raises(ValidationError, match="Choose one of: databases and good"):
        far_instance(world, database_server=name)


def test_the_server_of_an_instance_stays(world: World) -> None:
    register(world)
    instance = world.make_instance()
    with pytest.raises(ValidationError, match="database_server"):
        instances.change(
            instance_id=instance.pk, changes={"database_server": "main"}, context=world.context()
        )


def test_databases_come_with_the_first_app_server_and_go_with_the_instance(world: World) -> None:
    register(world)
    instance = world.make_instance(database_server="main")
    world.request_spawn(instance)
    world.work(instance)
    made = world.servers["mysql"].sizes
    assert {name.removeprefix(f"{instance.database_name}_") for _, _, name in made} == {
        "edxapp",
        "edxapp_csmh",
        "xqueue",
    }
    InstanceReference.objects.filter(pk=instance.pk).update(is_archived=True)
    instances.delete(instance_id=instance.pk, context=world.context())
    assert not world.servers["mysql"].sizes


def test_a_server_that_an_instance_uses_stays(world: World) -> None:
    register(world)
    world.make_instance(database_server="main")
    with pytest.raises(Conflict, match="main is in use by 1 instance"):
        database_servers.remove(name="main", context=world.context())


def create(world: World, provider: str = "local") -> tuple[DatabaseServer, Job]:
    server, job = database_servers.request_creation(
        name="main", provider=provider, queue=QUEUE, context=world.context()
    )
    world.work(server)
    return database_servers.find("main"), Job.objects.get(pk=job.pk)


def test_a_server_is_created_on_a_host_of_its_own(world: World) -> None:
    server, job = create(world)
    assert job.state == JobState.DONE
    assert server.own_host
    assert (server.own_host.name, server.port, server.kind) == ("database-main", 3306, "mysql")
    assert server.accepts_new_clients
    [run] = world.provisioner.jobs
    assert run.source.playbook == "database_server.yml"
    assert run.variables["MARIADB_ADMIN_PASSWORD"] == Secret(server.admin_password)
    assert hosts.orphans(provider="local", context=world.context()) == []
    database_servers.remove(name="main", context=world.context())
    assert world.provider.list() == []


def test_a_creation_that_failed_is_continued_with_the_same_host(world: World) -> None:
    world.provisioner.runs["database-main"] = MemoryRun(fails_with="no disk")
    server, job = create(world)
    assert (job.state, server.accepts_new_clients) == (JobState.FAILED, False)
    with pytest.raises(ValidationError, match="is none that local hosts can use"):
        world.make_instance(database_server="main")
    world.provisioner.runs.clear()
    again, job = create(world)
    assert (again, job.state) == (server, JobState.DONE)
    assert world.provider.list() == ["database-main"]


def findings(world: World) -> list[str]:
    return [finding.what for finding in check_database_servers(world.context())]


def test_the_doctor_tells_servers_that_do_not_answer_and_databases_that_are_left(
    world: World,
) -> None:
    server = register(world)
    instance = world.make_instance(database_server="main")
    world.request_spawn(instance)
    world.work(instance)
    assert findings(world) == []
    sizes = world.servers["mysql"].sizes
    left = f"{instance.database_name}_edxapp_new"
    sizes[(server.host, server.port, left)] = 1
    sizes[(server.host, server.port, "gone_12345678_edxapp")] = 1
    sizes[(server.host, server.port, "blog")] = 1
    assert [what.split()[2] for what in findings(world)] == sorted([left, "gone_12345678_edxapp"])
    world.request_spawn(instance)
    assert [what.split()[2] for what in findings(world)] == ["gone_12345678_edxapp"]
    world.servers["mysql"].away.add(server.host)
    assert findings(world) == ["The database server db.example.com does not answer."]


def test_the_doctor_tells_what_is_left_beside_the_databases_of_an_adopted_site(
    world: World,
) -> None:
    server = register(world)
    instance = world.make_instance(database_server="main")
    instance.adopted_databases = {"edxapp": "openedx"}
    instance.save()
    left = {"dry_run_openedx", "openedx_new", "openedx_old"}
    for name in (*left, "openedx", "openedx_of_others"):
        world.servers["mysql"].sizes[server.host, server.port, name] = 1
    assert {what.split()[2] for what in findings(world)} == left


def test_the_doctor_tells_how_to_finish_a_creation(world: World) -> None:
    world.provisioner.runs["database-main"] = MemoryRun(fails_with="no disk")
    create(world)
    [finding] = check_database_servers(world.context())
    assert finding.remedy == "Finish it with: ocim database-server create main"


@pytest.mark.parametrize(
    "free, size, told",
    [
        ("3000000000", 2_000_000_000, []),
        ("1500000000", 2_000_000_000, ["1500 MB are free on its host"]),
        ("900000000", 1, ["900 MB are free on its host"]),
        ("unknown", 1, ["Its free space is unknown"]),
    ],
)
def test_the_doctor_tells_where_a_restore_has_no_room(
    free: str, size: int, told: list[str], world: World
) -> None:
    server, _ = create(world)
    world.servers["mysql"].sizes[(server.host, server.port, "blog")] = size
    world.shells.free = free
    result = findings(world)
    assert len(result) == len(told)
    assert all(text.startswith(begin) for text, begin in zip(result, told, strict=True))


def accounts(world: World, instance: OpenEdXInstance) -> set[str]:
    """Return the accounts of the LMS's database."""
    server, name = instance.database_server, f"{instance.database_name}_edxapp"
    return world.servers["mysql"].accounts[(server.host, server.port, name)]


def user(world: World, instance: OpenEdXInstance) -> str:
    return instance_spec(instance, world.policy).databases["edxapp"].user


def test_former_accounts_work_until_the_last_app_server_that_has_them_is_terminated(
    world: World,
) -> None:
    register(world)
    instance = world.make_instance(database_server="main")
    old = world.spawn(instance)
    former = user(world, instance)
    instance_databases.rotate(instance=instance, context=world.context())
    present = user(world, instance)
    assert accounts(world, instance) == {former, present}
    new = world.spawn(instance)
    assert deserialize(new).values["EDXAPP_MYSQL_USER"] == present != former
    assert accounts(world, instance) == {former, present}
    world.do("terminate", old)
    assert accounts(world, instance) == {present}


def test_an_app_server_that_was_requested_before_a_rotation_has_its_accounts(
    world: World,
) -> None:
    register(world)
    instance = world.make_instance(database_server="main")
    world.request_spawn(instance)
    former = user(world, instance)
    instance_databases.rotate(instance=instance, context=world.context())
    world.work(instance)
    assert accounts(world, instance) == {former, user(world, instance)}


def test_a_rotation_on_a_server_that_does_not_answer_changes_nothing(world: World) -> None:
    class Away(type(world.servers["mysql"])):  # type: ignore[misc]
        def ensure(self, database: Database) -> None:
            raise TransientError(f"{database.host} does not answer.")

    register(world)
    instance = world.make_instance(database_server="main")
    former = user(world, instance)
    world.servers["mysql"] = Away("mysql")
    with pytest.raises(TransientError):
        instance_databases.rotate(instance=instance, context=world.context())
    instance.refresh_from_db()
    assert user(world, instance) == former


def test_of_two_rotations_at_once_one_is_refused(world: World) -> None:
    register(world)
    instance = world.make_instance(database_server="main")
    same = OpenEdXInstance.objects.select_related("database_server").get()
    instance_databases.rotate(instance=instance, context=world.context())
    with pytest.raises(Conflict, match="Another process rotates"):
        instance_databases.rotate(instance=same, context=world.context())


def test_embedded_databases_have_no_accounts_to_rotate(world: World) -> None:
    with pytest.raises(Conflict, match="embedded"):
        instance_databases.rotate(instance=world.make_instance(), context=world.context())


def test_names_of_accounts_stay_short_in_every_generation(world: World) -> None:
    register(world)
    instance = world.make_instance(database_server="main")
    names = []
    for generation in range(1, 100):
        instance.database_generation = generation
        for database in all_databases(instance).values():
            assert database.migrator
            assert database.reader
            names += [database.user, database.migrator.user, database.reader.user]
    assert max(map(len, names)) <= 16


@pytest.mark.parametrize(
    "url", ["mysql://[", "mysql://a..b", f"mysql://{'a' * 300}", "mysql://a\u2100b", "x" * 100_000]
)
def test_an_address_that_no_server_can_have_is_a_short_fault(url: str, world: World) -> None:
    with pytest.raises(ValidationError, match="is no server's URL") as refused:
        register(world, url=url)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("user", ["u" * 65, "a\0b", "a\nb"])
def test_a_user_that_cannot_be_stored_is_a_fault(user: str, world: World) -> None:
    with pytest.raises(ValidationError, match="user: "):
        database_servers.register(
            name="main", url=URL, user=user, password=Secret("word"), context=world.context()
        )


@pytest.mark.parametrize("authority", ["none", "ümlaut", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_an_authority_without_a_certificate_is_a_fault(authority: str, world: World) -> None:
    with pytest.raises(ValidationError, match="authority: "):
        database_servers.register(
            name="main",
            url=URL,
            user="ocim",
            password=Secret("word"),
            authority=authority,
            context=world.context(),
        )
