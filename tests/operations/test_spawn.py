import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.actions import SyncBalancer
from ocim.core.errors import Conflict, PermanentError, ValidationError
from ocim.core.hosts import HostRequest
from ocim.core.jobs import TerminateJob
from ocim.operations import instances, jobs, logs
from ocim.operations.effective import deserialize
from ocim.store.models import (
    Deployment,
    InstanceReference,
    Job,
    LogEntry,
    OpenEdXInstance,
    Server,
)
from tests.world import QUEUE, Killed, World


def log_of(appserver: Any) -> list[str]:
    return [line.text for line in appserver.log_entries.order_by("id")]


def test_an_app_server_comes_up_and_its_log_says_how(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance)
    assert appserver.state == "running"
    assert appserver.ready_at == world.clock()
    assert log_of(appserver) == [
        "Checking the configuration.",
        "Asking local for a host.",
        f"Provisioning appserver-{appserver.pk} at 10.0.0.1.",
        "changed: install",
        "Running.",
    ]
    assert Server.objects.values_list("state", "address").get() == ("up", "10.0.0.1")
    assert OpenEdXInstance.objects.get().successfully_provisioned


@pytest.mark.parametrize(
    "url, ports", [("builtin", {"8000", "8010"}), ("https://github.com/openedx/x", {"80"})]
)
def test_an_app_server_is_probed_where_its_configuration_lets_it_answer(
    world: World, url: str, ports: set[str]
) -> None:
    world.spawn(world.make_instance(configuration_source_repo_url=url))
    assert {item.connect_to.rpartition(":")[2] for item in world.prober.asked} == ports


def test_an_app_server_that_was_not_to_be_activated_is_not(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance)
    assert not appserver.is_active
    assert world.balancer.history == []


def test_an_app_server_is_activated_where_that_was_asked_for(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=True)
    assert appserver.is_active
    assert world.serving(instance) == ("10.0.0.1:8000",)


def test_nothing_that_was_asked_for_later_comes_between_a_spawn_and_its_activation(
    world: World,
) -> None:
    instance = world.make_instance()
    [earlier], _ = world.request_spawn(instance, activate=True)
    [later], _ = world.request_spawn(instance, activate=True)
    world.work(instance)
    lines = LogEntry.objects.order_by("id").values_list("appserver", "text")
    turns = [line for line, text in lines if text in ("Checking the configuration.", "Active.")]
    assert turns == [earlier.pk, earlier.pk, later.pk, later.pk]
    assert world.serving(instance) == ("10.0.0.2:8000",)


def test_what_was_asked_for_later_is_not_replaced_by_what_came_up_after_it(world: World) -> None:
    instance = world.make_instance()
    [slow], job = world.request_spawn(instance, activate=True)
    in_an_hour = world.context().now() + timedelta(hours=1)
    Job.objects.filter(pk=job.pk).update(not_before=in_an_hour)
    upgraded = world.spawn(instance, activate=True)
    world.clock.forward(3601)
    actions = world.work(instance)
    slow.refresh_from_db()
    job.refresh_from_db()
    assert (slow.state, slow.is_active) == ("running", False)
    assert "which was asked for later, serves already" in log_of(slow)[-1]
    assert f"ocim appserver activate {slow.pk}" in job.error
    assert SyncBalancer(instance.load_balancing_server_id) in actions  # its preview address
    upgraded.refresh_from_db()
    assert upgraded.is_active


def test_as_many_app_servers_are_made_as_the_instance_wants(world: World) -> None:
    instance = world.make_instance(openedx_appserver_count=2)
    appservers, _ = world.request_spawn(instance)
    world.work(instance)
    assert len(appservers) == 2
    assert world.provider.list() == [f"appserver-{appserver.pk}" for appserver in appservers]


def test_its_databases_are_there_before_its_host(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance)
    name = f"/srv/databases/{instance.database_name}/edxapp.sqlite3"
    assert list(world.databases.sizes) == [("", 0, name)]


def test_a_run_may_use_the_directories_of_its_instance_and_no_others(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance)
    [run] = world.provisioner.jobs
    assert len(run.directories) == 2
    assert all(Path(name).name == instance.database_name for name in run.directories)


def test_what_runs_is_the_commit_that_was_checked_and_the_log_names_it(world: World) -> None:
    instance = world.make_instance(configuration_version="juniper.2")
    world.provisioner.commits["juniper.2"] = "5e1f"
    appserver = world.spawn(instance)
    [run] = world.provisioner.jobs
    assert run.source.version == "5e1f"
    assert "The configuration is at 5e1f." in log_of(appserver)


def test_a_host_is_told_the_names_of_its_instance(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance)
    names = world.cloud.requests[f"appserver-{appserver.pk}"].names
    assert names == dict.fromkeys(instance.domains.all(), "127.0.0.1")


def test_an_app_server_whose_playbook_fails_says_first_which_task_and_why(world: World) -> None:
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance)
    world.provisioner.runs[f"appserver-{appserver.pk}"] = MemoryRun(
        tasks=("install", "migrate"), fails_with="no such table"
    )
    world.work(instance)
    appserver.refresh_from_db()
    job.refresh_from_db()
    assert appserver.state == job.state == "failed"
    assert appserver.failed_at == world.clock()
    assert appserver.failure == job.error == "migrate: no such table"
    assert appserver.log_entries.latest("id").level == "error"


def test_a_failed_app_server_keeps_its_host(world: World) -> None:
    instance = world.make_instance()
    [appserver], _ = world.request_spawn(instance)
    world.provisioner.runs[f"appserver-{appserver.pk}"] = MemoryRun(fails_with="no")
    world.work(instance)
    assert world.provider.list() == [f"appserver-{appserver.pk}"]


def test_an_app_server_that_does_not_answer_fails_and_keeps_what_was_found(world: World) -> None:
    world.break_hosts(lambda _: True)
    appserver = world.spawn(world.make_instance(), activate=True)
    assert appserver.state == "failed"
    assert "answered 500, not 200: Server error" in appserver.failure
    assert [(item["probe"], item["status"], item["excerpt"]) for item in appserver.evidence] == [
        ("lms", 500, "Server error"),
        ("studio", 500, "Server error"),
    ]


def test_an_app_server_that_failed_is_not_activated(world: World) -> None:
    world.break_hosts(lambda _: True)
    appserver = world.spawn(world.make_instance(), activate=True)
    assert not appserver.is_active
    assert world.balancer.history == []


def test_a_configuration_that_is_refused_fails_before_a_host_is_asked_for(world: World) -> None:
    instance = world.make_instance()
    world.provisioner.refusals[instance.playbook_name] = PermanentError("No such playbook.")
    appserver = world.spawn(instance)
    assert appserver.state == "failed"
    assert appserver.failure == "No such playbook."
    assert not Server.objects.exists()
    assert world.provider.list() == []


def test_a_host_that_does_not_come_up_fails_the_app_server(world: World) -> None:
    instance = world.make_instance()
    [appserver], _ = world.request_spawn(instance)
    world.cloud.seconds_to_come_up[f"appserver-{appserver.pk}"] = float("inf")
    world.work(instance)
    appserver.refresh_from_db()
    assert appserver.failure == f"Host appserver-{appserver.pk} did not come up within 300 s."


def test_a_spawn_that_is_cancelled_while_it_waits_makes_no_host(world: World) -> None:
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance)
    jobs.cancel(job_id=job.pk)
    world.work(instance)
    appserver.refresh_from_db()
    assert appserver.state == "failed"
    assert world.provider.list() == []


def test_a_spawn_is_cancelled_while_it_provisions(world: World) -> None:
    class Hosts(type(world.provider)):  # type: ignore[misc]
        def wait_until_reachable(self, name: str, *, timeout: float) -> Any:
            jobs.cancel(job_id=job.pk)
            return super().wait_until_reachable(name, timeout=timeout)

    world.provider = Hosts(world.cloud, kind="local")
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance)
    world.work(instance)
    appserver.refresh_from_db()
    assert appserver.state == "failed"
    assert appserver.failure == "Provisioning was cancelled."


def test_a_job_that_is_over_cannot_be_cancelled(world: World) -> None:
    instance = world.make_instance()
    _, job = world.request_spawn(instance)
    world.work(instance)
    with pytest.raises(Conflict):
        jobs.cancel(job_id=job.pk)


def test_an_app_server_keeps_the_configuration_that_it_was_asked_for_with(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings="EDXAPP_PLATFORM_NAME: Before")
    [appserver], _ = world.request_spawn(instance)
    instances.change(
        instance_id=instance.pk,
        changes={
            "configuration_extra_settings": "EDXAPP_PLATFORM_NAME: After",
            "configuration_version": "other",
        },
        context=world.context(),
    )
    world.work(instance)
    [run] = world.provisioner.jobs
    assert run.variables["EDXAPP_PLATFORM_NAME"] == "Before"
    assert run.source.version == "open-release/juniper.2"
    appserver.refresh_from_db()
    assert deserialize(appserver).values["EDXAPP_PLATFORM_NAME"] == "Before"


def test_a_deployment_says_who_asked_why_and_what_changed(world: World) -> None:
    instance = world.make_instance(
        configuration_extra_settings="EDXAPP_PLATFORM_NAME: Before\nSOME_SECRET_KEY: hush1"
    )
    world.request_spawn(instance)
    instance.configuration_extra_settings = "EDXAPP_PLATFORM_NAME: After\nSOME_SECRET_KEY: hush2"
    world.request_spawn(instance, reason="A new name")
    first, second = Deployment.objects.order_by("id")
    assert first.changes == []
    assert second.reason == "A new name"
    assert second.changes == [
        {"path": ["EDXAPP_PLATFORM_NAME"], "old": "Before", "new": "After"},
        {"path": ["SOME_SECRET_KEY"], "old": "********", "new": "********"},
    ]


def test_a_key_that_was_not_there_before_is_shown_as_not_set(world: World) -> None:
    instance = world.make_instance()
    world.request_spawn(instance)
    instance.configuration_extra_settings = "MY_LIMIT: 1"
    world.request_spawn(instance)
    assert Deployment.objects.latest("id").changes == [
        {"path": ["MY_LIMIT"], "old": "(not set)", "new": 1}
    ]


def test_no_secret_is_in_clear_in_a_deployment_or_a_log(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings="MY_PASSWORD: hush")
    appserver = world.spawn(instance)
    seen = json.dumps([deployment.changes for deployment in Deployment.objects.all()]) + str(
        log_of(appserver)
    )
    assert "hush" not in seen


def test_an_archived_instance_gets_no_app_server(world: World) -> None:
    instance = world.make_instance()
    InstanceReference.objects.update(is_archived=True)
    instance.refresh_from_db()
    with pytest.raises(Conflict, match="is archived"):
        world.request_spawn(instance)


def test_a_configuration_that_cannot_work_is_refused_and_nothing_written(world: World) -> None:
    instance = world.make_instance()
    instance.configuration_extra_settings = "not: [closed"
    with pytest.raises(ValidationError):
        world.request_spawn(instance)
    assert not Deployment.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize("moment", ["asked", "made", "reachable", "provisioned", "probed"])
def test_a_spawn_whose_worker_was_killed_is_finished_by_another_on_one_host(
    world: World, moment: str
) -> None:
    kill_at(world, moment)
    instance = world.make_instance()
    [appserver], _ = world.request_spawn(instance, activate=True)
    if moment == "provisioned":
        world.provisioner.runs[f"appserver-{appserver.pk}"] = MemoryRun(crash=Killed())
    world.die(instance)
    world.provisioner.runs.clear()
    world.clock.forward(world.policy.lease + 1)
    world.work(instance, worker="worker-2")
    appserver.refresh_from_db()
    assert appserver.is_active
    assert world.provider.list() == [f"appserver-{appserver.pk}"]
    assert Server.objects.count() == 1
    assert "Taken up again after an interruption." in log_of(appserver)
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def kill_at(world: World, moment: str) -> None:
    """Let the first worker that comes to `moment` be killed, and no later one."""
    killed: list[str] = []

    def maybe(now: str) -> None:
        if now == moment and not killed:
            killed.append(now)
            raise Killed

    class Hosts(type(world.provider)):  # type: ignore[misc]
        def create(self, request: HostRequest) -> Any:
            maybe("asked")
            host = super().create(request)
            maybe("made")
            return host

        def wait_until_reachable(self, name: str, *, timeout: float) -> Any:
            host = super().wait_until_reachable(name, timeout=timeout)
            maybe("reachable")
            return host

    healthy = world.prober.reply

    def reply(probe: Any) -> Any:
        maybe("probed")
        return healthy(probe)

    world.provider = Hosts(world.cloud, kind="local")
    world.prober.reply = reply


def test_the_second_of_two_app_servers_is_made_after_a_death_between_them(world: World) -> None:
    instance = world.make_instance(openedx_appserver_count=2)
    (first, second), _ = world.request_spawn(instance)
    world.provisioner.runs[f"appserver-{second.pk}"] = MemoryRun(crash=Killed())
    world.die(instance)
    world.provisioner.runs.clear()
    world.clock.forward(world.policy.lease + 1)
    world.work(instance)
    hosts = [run.host.name for run in world.provisioner.jobs]
    assert hosts == [f"appserver-{item.pk}" for item in (first, second, second)]


def test_a_host_is_looked_for_where_it_was_asked_for(world: World) -> None:
    instance = world.make_instance()
    [appserver], _ = world.request_spawn(instance)
    world.provisioner.runs[f"appserver-{appserver.pk}"] = MemoryRun(crash=Killed())
    world.die(instance)
    OpenEdXInstance.objects.update(provider="another")
    world.provisioner.runs.clear()
    world.clock.forward(world.policy.lease + 1)
    world.work(instance)
    appserver.refresh_from_db()
    assert appserver.state == "running"


def test_an_app_server_that_has_been_terminated_meanwhile_is_not_made(world: World) -> None:
    instance = world.make_instance()
    [appserver], spawning = world.request_spawn(instance)
    Job.objects.filter(pk=spawning.pk).update(not_before=world.clock())
    jobs.submit(
        target=instance,
        queue=QUEUE,
        payload=TerminateJob((appserver.pk,)),
    )
    world.clock.forward(-1)
    world.work(instance)
    world.clock.forward(1)
    world.work(instance)
    appserver.refresh_from_db()
    assert appserver.state == "terminated"
    assert world.provider.list() == []


@pytest.mark.parametrize("limit, most", [("MOST_LINES", 20), ("MOST_CHARACTERS", 500)])
def test_a_run_that_says_too_much_is_cut_off_in_the_log_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(logs, limit, most)
    appservers, _ = world.request_spawn(instance := world.make_instance())
    tasks = tuple(f"install {number}" for number in range(100))
    world.provisioner.runs[f"appserver-{appservers[0].pk}"] = MemoryRun(tasks)
    world.work(instance)
    lines = log_of(appservers[0])
    [output] = [line for line in lines if "left out" in line]
    assert output.startswith(f"This log has {most} ")
    assert lines[-1] == "Running."
    assert len(lines) < 30
    assert "changed: install 99" not in lines
