"""Provisioning of one app server: from its configuration to a host on which it runs."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from django.db import transaction

from ocim.catalog.endpoints import probes
from ocim.core import stopping
from ocim.core.actions import Action
from ocim.core.errors import Cancelled, HostUnreachable, LostClaim, OcimError
from ocim.core.health import Probe
from ocim.core.hosts import DOCKER, Host, HostRequest
from ocim.core.instance import Instance
from ocim.core.names import appserver_host
from ocim.core.provisioning import ConfigurationSource, Part, ProvisionJob
from ocim.core.states import AppServerState, ServerState
from ocim.operations import brokers, content, images, instance_databases, machines, search_servers
from ocim.operations.balancing import note_change
from ocim.operations.claim import Claim
from ocim.operations.context import Context, OnStep
from ocim.operations.effective import deserialize
from ocim.operations.health_check import Unhealthy, wait_until_healthy
from ocim.operations.logs import Recorder, say
from ocim.operations.masking import mask_of, masked_values
from ocim.operations.provisioners import provisioner_of
from ocim.operations.shop import steps
from ocim.store.claims import move_appserver, move_server, write_appservers
from ocim.store.models import Lease, OpenEdXAppServer, OpenEdXInstance, Server
from ocim.store.specs import appserver_spec

ATTEMPTS = 3
"""Maximum number of attempts with a host that goes away meanwhile."""
RETURN_SECONDS = 15.0
"""Seconds that shared servers have to start, which the engine may have taken away as well."""
_STARTING = {None, 502, 504}
"""Statuses of an app server that may yet start: nobody answers, or only its web server does."""


def bring_up(appserver: OpenEdXAppServer, claim: Claim) -> list[Action]:
    """Take an app server from its present state to `running`, also after an interruption."""
    lease, context = claim.lease, claim.context
    instance = appserver_spec(appserver, context.policy)
    run = _checked_run(appserver, instance, claim)
    for attempt in range(1, ATTEMPTS + 1):
        claim.on_step("host")
        move_appserver(appserver, AppServerState.WAITING_FOR_HOST, lease=lease)
        image = _image_for(appserver, run, context)
        say(appserver, f"Asking {appserver.instance.provider} for a host.", context=context)
        host = _host_for(appserver, instance, image, lease, context)
        try:
            _make_ready(appserver, instance, replace(run, host=host), image, claim)
            break
        except (Cancelled, LostClaim):
            raise
        except OcimError as error:
            if attempt == ATTEMPTS or not _is_gone(host, context):
                raise
            problem = error.problem
        say(appserver, f"Its host went away: {problem}", context=context, level="warning")
        context.pause(RETURN_SECONDS)
    with transaction.atomic():
        move_appserver(appserver, AppServerState.RUNNING, lease=lease, ready_at=context.now())
        OpenEdXInstance.objects.filter(pk=instance.id).update(successfully_provisioned=True)
        say(appserver, "Running.", context=context)
        return note_change(appserver.instance.load_balancing_server_id)


def _checked_run(appserver: OpenEdXAppServer, instance: Instance, claim: Claim) -> ProvisionJob:
    """Check the configuration, prepare shared servers, and return what is to be provisioned."""
    context = claim.context
    run = _run_for(appserver, instance, context)
    if appserver.state != AppServerState.NEW:
        say(appserver, "Taken up again after an interruption.", context=context, level="warning")
    claim.on_step("configuration")
    machines.require_shared(appserver.instance, context)
    say(appserver, "Checking the configuration.", context=context)
    provisioner = provisioner_of(run.source, context)
    source = provisioner.check(run)
    if source.version != appserver.configuration_version:
        say(appserver, f"The configuration is at {source.version}.", context=context)
    write_appservers(
        [appserver.pk],
        lease=claim.lease,
        configuration_commit=source.version,
        one_port=provisioner.has_one_port(source),
    )
    instance_databases.prepare(appserver.instance, instance.databases, context)
    search_servers.prepare(appserver.instance, context)
    brokers.prepare(appserver.instance, context)
    content.prepare(appserver.instance, context)
    return replace(run, source=source)


def _make_ready(
    appserver: OpenEdXAppServer,
    instance: Instance,
    run: ProvisionJob,
    image: images.Wanted | None,
    claim: Claim,
) -> None:
    """Provision the host, set up the services that need no public LMS, and check the health."""
    host, context = run.host, claim.context
    _provision(appserver, run, image, claim)
    _set_up_services(appserver, claim.on_step, context)
    claim.on_step("health check")
    move_appserver(appserver, AppServerState.CHECKING, lease=claim.lease)
    one_port = provisioner_of(run.source, context).has_one_port(run.source)
    try:
        _wait_until_healthy(
            appserver, host, probes(instance, host.address, one_port=one_port), context
        )
    except Unhealthy as error:
        evidence = masked_values(error.evidence, mask_of(appserver))
        write_appservers([appserver.pk], lease=claim.lease, evidence=evidence)
        raise


def _provision(
    appserver: OpenEdXAppServer, run: ProvisionJob, image: images.Wanted | None, claim: Claim
) -> None:
    host, context = run.host, claim.context
    claim.on_step("provisioning")
    move_appserver(appserver, AppServerState.PROVISIONING, lease=claim.lease, image=host.image)
    say(appserver, f"Provisioning {host.name} at {host.address}.", context=context)
    # An interrupted attempt may have created the host from another image, or from none.
    if image and host.image == image.name:
        run = replace(run, part=Part.INSTANCE, image_inputs=image.job.image_inputs)
    outcome = provisioner_of(run.source, context).provision(
        run, on_event=Recorder(appserver), is_cancelled=stopping.is_cancelled
    )
    if not outcome.ok:
        raise OcimError(f"{outcome.failed_task}: {outcome.message}")


def _wait_until_healthy(
    appserver: OpenEdXAppServer, host: Host, probes: Sequence[Probe], context: Context
) -> None:
    """Wait until the app server is healthy, longer if its containers may have just been started."""
    try:
        wait_until_healthy(probes, context=context)
    except Unhealthy as unhealthy:
        statuses = {answer["status"] for answer in unhealthy.evidence}
        if host.provider != DOCKER or not statuses & _STARTING or _is_gone(host, context):
            raise
        say(appserver, "Waiting for its services to start.", context=context)
        wait_until_healthy(probes, context=context, patience=context.policy.recovery_timeout)


def _is_gone(host: Host, context: Context) -> bool:
    """Return True if an engine took the host away, and provisioning may bring it back."""
    if host.provider != DOCKER:
        return False
    try:
        machines.provider_of(host.provider, context).wait_until_reachable(host.name, timeout=0)
    except HostUnreachable:
        return True
    return False


def _set_up_services(appserver: OpenEdXAppServer, on_step: OnStep, context: Context) -> None:
    """Run the pending set-up steps of ecommerce and discovery that need no public LMS."""
    appserver.refresh_from_db(fields=["server"])
    owed = [step for step in steps.chosen(appserver, (), context) if not step.public]
    if owed:
        on_step("set-up steps")
        on_line = partial(say, appserver, context=context)
        steps.carry_out(appserver, owed, context, on_line=on_line)


def _run_for(appserver: OpenEdXAppServer, instance: Instance, context: Context) -> ProvisionJob:
    return images.planned_run(
        ConfigurationSource(
            appserver.configuration_source_repo_url,
            appserver.configuration_version,
            appserver.configuration_playbook_name,
        ),
        deserialize(appserver).values,
        directories=local_directories(instance),
        context=context,
    )


def _image_for(
    appserver: OpenEdXAppServer, run: ProvisionJob, context: Context
) -> images.Wanted | None:
    """Return the image for its host, built if missing. None: the whole host is provisioned."""
    server = appserver.server  # an interrupted attempt may have created it
    return images.for_host(
        run,
        provider=server.provider if server else appserver.instance.provider,
        release=appserver.openedx_release,
        services=appserver.services,
        say=lambda text, level: say(appserver, text, context=context, level=level),
        on_event=Recorder(appserver),
        is_cancelled=stopping.is_cancelled,
        context=context,
    )


def local_directories(instance: Instance) -> tuple[str, ...]:
    """Return the directories of this machine that its app servers use: storage, database files."""
    files = [database.name for database in instance.databases.values() if database.kind == "sqlite"]
    return tuple(dict.fromkeys([instance.storage_directory, *map(os.path.dirname, files)]))


def _host_for(
    appserver: OpenEdXAppServer,
    instance: Instance,
    image: images.Wanted | None,
    lease: Lease,
    context: Context,
) -> Host:
    """Create the app server's host, or find the one that an interrupted attempt created."""
    server = appserver.server or _register(appserver, lease)
    provider = machines.provider_of(server.provider, context)
    provider.create(
        HostRequest(
            name=server.name,
            flavor=server.flavor,
            names=dict.fromkeys(instance.domains.all(), context.policy.balancer_address),
            authorities=context.adapters.balancer.authority(),
            image=image.name if image else "",
            directories=local_directories(instance),
        )
    )
    host = provider.wait_until_reachable(server.name, timeout=context.policy.host_timeout)
    move_server(server, ServerState.UP, lease=lease, address=host.address)
    return host


def _register(appserver: OpenEdXAppServer, lease: Lease) -> Server:
    """Store the host's name before the provider creates it: a crash in between loses no host."""
    with transaction.atomic():
        server = Server.objects.create(
            name=appserver_host(appserver.pk),
            provider=appserver.instance.provider,
            flavor=appserver.instance.flavor,
        )
        write_appservers([appserver.pk], lease=lease, server=server)
    return server
