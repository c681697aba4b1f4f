"""One-time steps, as app servers are made."""

import pytest

from ocim.adapters.memory.providers import MemoryProvider
from ocim.adapters.memory.provisioners import MemoryProvisioner
from ocim.catalog.discovery_search import aliases
from ocim.core.errors import OcimError
from ocim.operations.shop import set_up, status, steps
from ocim.store.models import (
    DatabaseServer,
    OpenEdXAppServer,
    OpenEdXInstance,
    SearchServer,
    ServiceStep,
)
from tests.service_shells import CRONTAB
from tests.world import QUEUE, Killed, World

BOTH = "SANDBOX_ENABLE_ECOMMERCE: yes\nSANDBOX_ENABLE_DISCOVERY: yes\n"


@pytest.fixture
def instance(world: World) -> OpenEdXInstance:
    SearchServer.objects.create(
        name="search", kind="elasticsearch", host="127.0.0.1", port=9200, admin_user="elastic"
    )
    return world.make_instance(configuration_extra_settings=BOTH, partner_code="ACME")


@pytest.fixture
def in_containers(world: World) -> OpenEdXInstance:
    """Return an instance with both services that Tutor provisions."""
    world.more_providers["docker"] = MemoryProvider(world.cloud, kind="docker")
    world.more_provisioners["tutor"] = MemoryProvisioner()
    for model, kind in ((SearchServer, "elasticsearch"), (DatabaseServer, "mysql")):
        model.objects.create(name=kind, kind=kind, host="10.0.0.9", port=9200, admin_user="elastic")
    return world.make_instance(
        openedx_release="open-release/sumac.3",
        provisioner="tutor",
        provider="docker",
        configuration_extra_settings=BOTH,
    )


def first_words(world: World) -> list[str]:
    return [argv[0] for argv in world.shells.argvs]


def as_set_up(world: World, appserver: OpenEdXAppServer) -> None:
    """Let the services have what the steps want, and remember nothing of how it came there."""
    of = steps.step_inputs(appserver, world.context())
    for step in steps.chosen(appserver, (), world.context()):
        if step.observed_by:
            called = step.observer.partition(".")[2]
            world.shells.looks[called] = {
                "fields": dict(step.wanted(of)), "users": {}, "names": {}, "of_group": [],
                "wanted": [],
            }  # fmt: skip
    [server] = world.search.servers.values()
    for alias in aliases(of.instance, of.variables):
        server.aliases[alias] = f"{alias}_20260504_120000"
    world.shells.argvs.clear()
    world.shells.scripts.clear()


def test_what_adds_is_done_before_the_app_server_runs_and_the_rest_once_it_serves(
    world: World, instance: OpenEdXInstance
) -> None:
    appserver = world.spawn(instance)
    assert appserver.state == "running"
    assert set(first_words(world)) == {
        "manage_user", "manage_group", "create_dot_application", "waffle_switch"
    }  # fmt: skip
    world.shells.argvs.clear()
    world.do("activate", appserver)
    assert set(first_words(world)) == {
        "create_or_update_site", "create_or_update_partner", "install_es_indexes",
        "refresh_course_metadata", "update_index",
    }  # fmt: skip


def test_where_the_new_app_server_does_not_stay_the_site_is_that_of_the_old_one_again(
    world: World, instance: OpenEdXInstance
) -> None:
    old = world.spawn(instance, activate=True)
    OpenEdXInstance.objects.update(email="new@example.com")
    world.shells.argvs.clear()
    world.shells.faults["update_index"] = "no such index"
    world.spawn(OpenEdXInstance.objects.get(), activate=True)
    old.refresh_from_db()
    assert old.is_active
    sites = [argv for argv in world.shells.argvs if argv[0] == "create_or_update_site"]
    assert ["--from-email=new@example.com" in argv for argv in sites] == [True, True, False, False]


def test_a_step_is_tried_again_once_the_services_are_warm(
    world: World, instance: OpenEdXInstance
) -> None:
    world.shells.faults["refresh_course_metadata"] = "read timed out"
    appserver = world.spawn(instance)

    def warm(name: str) -> None:
        if name == "refresh_course_metadata":
            world.shells.before = lambda _name: world.shells.faults.clear()

    world.shells.before = warm
    assert world.do("activate", appserver).state == "done"


def test_the_ledger_says_when_and_where(world: World, instance: OpenEdXInstance) -> None:
    appserver = world.spawn(instance, activate=True)
    done = {step.step: step for step in ServiceStep.objects.all()}
    assert set(done) == {
        "users", "permissions", "clients", "commerce", "site", "switches", "partner", "job",
        "indexes",
    }  # fmt: skip
    assert done["site"].created_at == world.clock.now
    assert done["site"].appserver == appserver


def test_an_instance_without_the_services_owes_nothing(world: World) -> None:
    world.spawn(world.make_instance(), activate=True)
    assert world.shells.argvs == []


def test_what_is_done_is_left_alone_by_the_next_app_server(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    world.spawn(instance, activate=True)
    assert world.shells.argvs == []


def test_what_an_operator_changed_in_the_admin_survives_the_next_app_server(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    world.shells.looks["site"]["fields"]["--from-email"] = "shop@example.com"
    world.spawn(instance, activate=True)
    assert world.shells.argvs == []


def test_a_change_of_the_instance_is_made_and_the_operators_edit_kept(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    world.shells.looks["site"]["fields"]["--site-name"] = "Our Shop"
    OpenEdXInstance.objects.update(email="new@example.com")
    world.spawn(OpenEdXInstance.objects.get(), activate=True)
    [argv] = [item for item in world.shells.argvs if item[0] == "create_or_update_site"]
    assert "--from-email=new@example.com" in argv
    assert "--site-name=Our Shop" in argv


def test_a_step_that_fails_fails_the_app_server_and_is_named(
    world: World, instance: OpenEdXInstance
) -> None:
    world.shells.faults["waffle_switch"] = "no such flag"
    appserver = world.spawn(instance)
    assert appserver.state == "failed"
    assert "Step switches: ecommerce: CommandError: no such flag" in appserver.failure
    assert ServiceStep.objects.get(step="switches").failure
    assert not ServiceStep.objects.get(step="clients").failure


def test_indexes_are_filled_only_once_the_steps_of_other_services_are_over(
    world: World, instance: OpenEdXInstance
) -> None:
    appserver = world.spawn(instance)
    world.shells.argvs.clear()
    world.shells.faults["create_or_update_site"] = "the shop is starting"
    world.do("activate", appserver)
    assert "create_or_update_partner" in first_words(world)
    assert "refresh_course_metadata" not in first_words(world)
    failures = dict(ServiceStep.objects.values_list("step", "failure"))
    assert failures["indexes"] == "not done, since another step failed before."


def test_secrets_are_taken_out_of_what_a_failure_says(
    world: World, instance: OpenEdXInstance
) -> None:
    world.spawn(instance)
    argv = next(item for item in world.shells.argvs if item[0] == "create_dot_application")
    secret = argv[argv.index("--client-secret") + 1]
    world.shells.faults["create_dot_application"] = f"bad secret {secret}"
    assert "bad secret ********" in world.spawn(instance).failure


@pytest.mark.parametrize("place", range(12))
def test_killed_anywhere_the_next_run_does_what_is_left(
    world: World, instance: OpenEdXInstance, place: int
) -> None:
    appserver = world.spawn(instance)
    world.shells.argvs.clear()
    ServiceStep.objects.all().delete()
    left = place

    def kill(_name: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    world.shells.before = kill
    chosen = steps.chosen(appserver, (), world.context())
    with pytest.raises(Killed):
        steps.carry_out(appserver, chosen, world.context(), on_line=print)
    world.shells.before = lambda _name: None
    steps.carry_out(appserver, chosen, world.context(), on_line=print)
    assert set(first_words(world)) == {
        "manage_user", "manage_group", "create_dot_application", "create_or_update_site",
        "waffle_switch", "create_or_update_partner", "install_es_indexes",
        "refresh_course_metadata", "update_index",
    }  # fmt: skip


def test_status_says_what_drifted_and_the_command_that_mends_it(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    world.shells.looks["site"]["fields"]["--partner-code"] = "OTHER"
    lines = {item.step: item for item in status.status(instance, world.context())}
    assert lines["site"].state == "changed by hand"
    assert lines["site"].detail == "differs in the service: --partner-code"
    assert lines["site"].remedy == f"ocim services setup {instance.pk} --step site --force"
    assert {line.state for name, line in lines.items() if name != "site"} == {"done"}


def test_a_drift_is_mended_by_force(world: World, instance: OpenEdXInstance) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    world.shells.looks["clients"]["fields"]["ecommerce.backend.secret"] = "another"
    job = set_up.request(
        instance, names=["clients"], force=True, queue=QUEUE, context=world.context()
    )
    world.work(instance)
    job.refresh_from_db()
    assert job.state == "done"
    assert [argv[1] for argv in world.shells.argvs] == ["ecommerce-backend-service"]


def test_forced_indexes_are_filled_again_and_the_job_is_not_added_twice(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    before = world.shells.crontab
    set_up.request(
        instance, names=["indexes", "job"], force=True, queue=QUEUE, context=world.context()
    )
    world.work(instance)
    assert first_words(world) == ["install_es_indexes", "refresh_course_metadata", "update_index"]
    assert world.shells.crontab == before


def test_what_the_serving_one_reads_is_not_set_up_for_one_that_is_not_active(
    world: World, instance: OpenEdXInstance
) -> None:
    world.spawn(instance)
    world.shells.argvs.clear()
    set_up.request(instance, names=[], force=False, queue=QUEUE, context=world.context())
    world.work(instance)
    assert "waffle_switch" in first_words(world)
    assert "create_or_update_site" not in first_words(world)


def test_a_search_server_that_is_away_is_unknown_and_the_rest_is_told(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    world.search.away.add("http://127.0.0.1:9200/")
    lines = {item.step: item for item in status.status(instance, world.context())}
    assert lines["indexes"].state == "unknown"
    assert "does not answer" in lines["indexes"].detail
    assert lines["site"].state == "done"


def test_indexes_on_a_search_server_of_the_operators_are_not_observed(
    world: World, instance: OpenEdXInstance
) -> None:
    own = f"{BOTH}DISCOVERY_ELASTICSEARCH_URL: http://own.example.com:9200/\n"
    OpenEdXInstance.objects.update(configuration_extra_settings=own)
    world.spawn(OpenEdXInstance.objects.get(), activate=True)
    lines = {item.step: item for item in status.status(instance, world.context())}
    assert lines["indexes"].state == "done"


def test_an_index_that_lost_its_alias_is_a_drift(world: World, instance: OpenEdXInstance) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    server = world.search.servers["http://127.0.0.1:9200/"]
    server.documents[f"{instance.database_name}_catalog_run_20260504_120000"] = 3
    lines = {item.step: item for item in status.status(instance, world.context())}
    assert lines["indexes"].state == "changed by hand"


def test_an_update_that_stopped_at_its_limit_is_told_and_only_accepted_by_force(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    server = world.search.servers["http://127.0.0.1:9200/"]
    alias = f"{instance.database_name}_catalog"
    server.documents |= {f"{alias}_20260504_120000": 40, f"{alias}_20260504_130000": 40}
    assert {line.state for line in status.status(instance, world.context())} == {"done"}
    server.documents[f"{alias}_20260504_140000"] = 0
    [line] = [item for item in status.status(instance, world.context()) if item.state != "done"]
    assert (line.step, line.state) == ("indexes", "changed by hand")
    assert f"stopped at its limit: {alias} from 40 to 0 documents" in line.detail
    world.spawn(instance, activate=True)
    assert world.shells.argvs == []
    set_up.request(instance, names=["indexes"], force=True, queue=QUEUE, context=world.context())
    world.work(instance)
    assert world.shells.argvs[-1] == ["update_index", "--disable-change-limit"]


def test_a_run_of_the_job_that_stopped_at_the_limit_is_told_on_any_search_server(
    world: World, instance: OpenEdXInstance
) -> None:
    as_set_up(world, world.spawn(instance, activate=True))
    log = ("2026-05-04T11:43:00Z begins", "Sanity check failed for x", "status 1")
    world.shells.crontab += "".join(f"OCIM-CRON: log {line}\n" for line in log)
    lines = {item.step: item for item in status.status(instance, world.context())}
    assert (lines["job"].state, lines["job"].detail) == (
        "done", "its run of 2026-05-04T11:43:00Z stopped at update_index's limit"
    )  # fmt: skip


def test_an_index_that_a_newer_release_needs_is_owed(
    world: World, instance: OpenEdXInstance
) -> None:
    appserver = world.spawn(instance, activate=True)
    as_set_up(world, appserver)
    OpenEdXInstance.objects.update(openedx_release="open-release/lilac.1")
    world.spawn(OpenEdXInstance.objects.get(), activate=True)
    assert first_words(world)[-3:] == [
        "install_es_indexes", "refresh_course_metadata", "update_index"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "job",
    [
        "manage.discovery refresh_course_metadata",
        CRONTAB.replace("manage.discovery remove_unused_indexes; ", ""),
        CRONTAB.replace("update_index;", "update_index --disable-change-limit;"),
    ],
)
def test_a_job_without_update_clearing_or_limit_is_replaced(
    world: World, instance: OpenEdXInstance, job: str
) -> None:
    appserver = world.spawn(instance)
    world.shells.crontab = f"{job}\n"
    lines = {item.step: item for item in status.status(instance, world.context())}
    assert lines["job"].state == "changed by hand"
    chosen = steps.chosen(appserver, ["job"], world.context())
    steps.carry_out(appserver, chosen, world.context(), force=True, on_line=print)
    assert "manage.discovery remove_unused_indexes; ./manage.discovery update_index" in (
        world.shells.crontab
    )


def test_a_job_that_is_missing_is_owed_and_added_with_the_mark_of_ansible(
    world: World, instance: OpenEdXInstance
) -> None:
    world.shells.crontab = ""
    world.spawn(instance)
    assert "#Ansible: discovery: hourly course metadata refresh\n43 * * * *" in world.shells.crontab


def test_a_step_that_there_is_not_is_refused(world: World, instance: OpenEdXInstance) -> None:
    world.spawn(instance)
    with pytest.raises(
        OcimError, match=r"nonsense: unknown set-up step. The steps of app server \d+ are users"
    ):
        set_up.request(
            instance, names=["nonsense"], force=False, queue=QUEUE, context=world.context()
        )


def test_without_an_app_server_there_is_nothing_to_look_at(
    world: World, instance: OpenEdXInstance
) -> None:
    with pytest.raises(OcimError, match="No app server"):
        status.status(instance, world.context())


def test_what_has_been_set_up_is_found_and_not_made_again_with_tutor(
    world: World, in_containers: OpenEdXInstance
) -> None:
    appserver = world.spawn(in_containers)
    as_set_up(world, appserver)
    world.do("activate", appserver)
    assert appserver.is_active
    assert first_words(world) == FILLED
    assert world.shells.scripts == []


FILLED = ["install_es_indexes", "refresh_course_metadata", "update_index"]


def test_indexes_that_are_empty_since_tutors_init_are_filled_once(
    world: World, in_containers: OpenEdXInstance
) -> None:
    first = world.spawn(in_containers)
    as_set_up(world, first)
    indexes = [
        line for line in status.status(in_containers, world.context()) if line.step == "indexes"
    ]
    assert [line.state for line in indexes] == ["pending"]
    world.do("activate", first)
    assert first_words(world) == FILLED
    world.do("activate", world.spawn(in_containers))
    assert first_words(world) == FILLED
