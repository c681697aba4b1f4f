"""Spawn: from an instance's configuration to a running app server."""

import os

from django.db import transaction

from ocim.catalog.endpoints import probes
from ocim.catalog.switches import services_of
from ocim.core.actions import Action
from ocim.core.errors import NotPossible, OcimError
from ocim.core.spec import (
    ALWAYS,
    ConfigurationSource,
    Connection,
    Host,
    HostRequest,
    Instance,
    ProvisionEvent,
    ProvisionJob,
)
from ocim.core.states import UNFINISHED, AppServerState, ServerState
from ocim.operations import jobs
from ocim.operations.balancing import note_change
from ocim.operations.context import Context, OnStep
from ocim.operations.effective import changes_since, effective_variables, freeze, thaw
from ocim.operations.gate import Unhealthy, pass_gate
from ocim.operations.logs import record, say
from ocim.store.claims import move_appserver, move_server, write_appservers
from ocim.store.models import (
    Deployment,
    Job,
    Lease,
    OpenEdXAppServer,
    OpenEdXInstance,
    Server,
)
from ocim.store.specs import appserver_spec

# What a job names before there is a host: enough to check the playbook and its variables.
PLANNED = Host("planned", "none", "127.0.0.1", Connection(kind="local"), root="/planned")


def request(
    *,
    instance: OpenEdXInstance,
    queue: str,
    context: Context,
    count: int | None = None,
    activate: bool = False,
    reason: str = "",
    creator_id: int | None = None,
) -> tuple[list[OpenEdXAppServer], Job]:
    """Write down new app servers with the configuration as it is now, and the job to make them.

    BadInput where the configuration cannot work; NotPossible for an archived instance.
    """
    if instance.ref_set.is_archived:
        raise NotPossible(f"{instance} is archived.", remedy="Unarchive it first.")
    with transaction.atomic():
        appservers = write_down(
            instance, context=context, count=count, reason=reason, creator_id=creator_id
        )
        job = jobs.submit(
            instance_id=instance.pk,
            kind="spawn",
            queue=queue,
            arguments={"appservers": [one.pk for one in appservers], "activate": activate},
            creator_id=creator_id,
        )
    return appservers, job


def write_down(
    instance: OpenEdXInstance,
    *,
    context: Context,
    count: int | None = None,
    reason: str = "",
    creator_id: int | None = None,
) -> list[OpenEdXAppServer]:
    """New app servers with the configuration as it is now, for a job that will make them."""
    effective = effective_variables(instance, context.policy)
    deployment = Deployment.objects.create(
        instance=instance,
        creator_id=creator_id,
        reason=reason,
        changes=changes_since(instance, effective),
    )
    return [
        OpenEdXAppServer.objects.create(
            instance=instance,
            deployment=deployment,
            openedx_release=instance.openedx_release,
            edx_platform_commit=instance.platform_commit,
            configuration_source_repo_url=instance.configuration_source_repo_url,
            configuration_version=instance.configuration_commit,
            configuration_playbook_name=instance.playbook_name,
            optional_services=sorted(services_of(effective.values) - ALWAYS),
            effective_variables=freeze(effective),
        )
        for _ in range(count or instance.openedx_appserver_count)
    ]


def run(
    job: Job, lease: Lease, context: Context, *, on_step: OnStep = lambda _name: None
) -> list[Action]:
    """Bring up every app server of the job that is not up yet; then, if asked for, activate.

    `on_step` is called with the name of each step as it begins.
    """
    actions: list[Action] = []
    for appserver in _of(job):
        if appserver.state in UNFINISHED:
            actions = _bring_up(appserver, job, lease, context, on_step)
    if job.arguments.get("activate"):
        jobs.submit(
            instance_id=job.instance_id,
            kind="activate",
            queue=job.queue,
            arguments={"appservers": job.arguments["appservers"], "parent": job.pk},
            creator_id=job.creator_id,
        )
    return actions


def give_up(job: Job, lease: Lease, context: Context) -> list[Action]:
    """Mark what did not come up as failed, with the job's reason; its host is kept."""
    for appserver in _of(job):
        if appserver.state in UNFINISHED:
            first_line = job.error.split("\n", 1)[0]
            say(appserver, f"Failed: {first_line}", context=context, level="error")
            move_appserver(
                appserver,
                AppServerState.FAILED,
                lease=lease,
                failure=job.error,
                failed_at=context.now(),
            )
    return []


def _of(job: Job) -> list[OpenEdXAppServer]:
    return list(
        OpenEdXAppServer.objects.filter(pk__in=job.arguments["appservers"])
        .select_related("instance__ref_set", "instance__database_server", "server")
        .order_by("id")
    )


def _bring_up(
    appserver: OpenEdXAppServer, job: Job, lease: Lease, context: Context, on_step: OnStep
) -> list[Action]:
    instance = appserver_spec(appserver, context.policy)
    variables = thaw(appserver).values
    source = ConfigurationSource(
        appserver.configuration_source_repo_url,
        appserver.configuration_version,
        appserver.configuration_playbook_name,
    )

    def run_on(host: Host) -> ProvisionJob:
        return ProvisionJob(
            host,
            source,
            variables,
            directories=local_directories(instance),
            task_timeout=context.policy.task_timeout,
            total_timeout=context.policy.provision_timeout,
        )

    if appserver.state != AppServerState.NEW:
        say(appserver, "Taken up again after an interruption.", context=context, level="warning")
    on_step("configuration")
    say(appserver, "Checking the configuration.", context=context)
    source = context.outside.provisioner.check(run_on(PLANNED))
    if source.version != appserver.configuration_version:
        say(appserver, f"The configuration is at {source.version}.", context=context)
    for database in instance.databases.values():
        context.outside.databases[database.kind].ensure(database)

    on_step("host")
    move_appserver(appserver, AppServerState.WAITING_FOR_HOST, lease=lease)
    say(appserver, f"Asking {appserver.instance.provider} for a host.", context=context)
    host = _host_for(appserver, instance.domains.all(), lease, context)

    on_step("provisioning")
    move_appserver(appserver, AppServerState.PROVISIONING, lease=lease)
    say(appserver, f"Provisioning {host.name} at {host.address}.", context=context)

    def on_event(event: ProvisionEvent) -> None:
        record(appserver, event)

    outcome = context.outside.provisioner.provision(
        run_on(host), on_event=on_event, is_cancelled=lambda: _cancelled(job, lease)
    )
    if not outcome.ok:
        raise OcimError(f"{outcome.failed_task}: {outcome.message}")

    on_step("health check")
    move_appserver(appserver, AppServerState.CHECKING, lease=lease)
    try:
        pass_gate(probes(instance, host.address), context=context)
    except Unhealthy as unhealthy:
        write_appservers([appserver.pk], lease=lease, evidence=unhealthy.evidence)
        raise
    with transaction.atomic():
        move_appserver(appserver, AppServerState.RUNNING, lease=lease, running_since=context.now())
        OpenEdXInstance.objects.filter(pk=instance.id).update(successfully_provisioned=True)
        say(appserver, "Running.", context=context)
        return note_change(appserver.instance.load_balancing_server_id)


def local_directories(instance: Instance) -> tuple[str, ...]:
    """What an app server uses on this machine besides its host: storage, databases in files."""
    files = [one.name for one in instance.databases.values() if one.kind == "sqlite"]
    return tuple(dict.fromkeys([instance.storage_directory, *map(os.path.dirname, files)]))


def _cancelled(job: Job, lease: Lease) -> bool:
    ours = Job.objects.filter(pk=job.pk, instance__lease__fence=lease.fence)
    return not ours.filter(cancel_requested=False).exists()


def _host_for(
    appserver: OpenEdXAppServer, names: tuple[str, ...], lease: Lease, context: Context
) -> Host:
    """Make the app server's host, or find the one that an interrupted attempt made."""
    server = appserver.server or _register(appserver, lease)
    provider = context.outside.providers[server.provider]
    provider.create(
        HostRequest(
            name=server.name,
            flavor=server.flavor,
            names=dict.fromkeys(names, context.policy.balancer_address),
            authorities=context.outside.balancer.authority(),
        )
    )
    host = provider.wait_until_reachable(server.name, timeout=context.policy.host_timeout)
    move_server(server, ServerState.UP, lease=lease, address=host.address)
    return host


def _register(appserver: OpenEdXAppServer, lease: Lease) -> Server:
    """Write the host's name down before it is asked for: a crash in between loses no host."""
    with transaction.atomic():
        server = Server.objects.create(
            name=f"appserver-{appserver.pk}",
            provider=appserver.instance.provider,
            flavor=appserver.instance.flavor,
        )
        write_appservers([appserver.pk], lease=lease, server=server)
    return server
