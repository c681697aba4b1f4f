"""Spawn: from an instance's configuration to a running app server."""

from collections.abc import Sequence

from django.db import transaction

from ocim.catalog.shop import checks
from ocim.catalog.variables.services import services_of
from ocim.core.actions import Action, SyncBalancer
from ocim.core.errors import Conflict, ValidationError
from ocim.core.instance import ALWAYS
from ocim.core.jobs import SpawnJob
from ocim.core.states import UNFINISHED, AppServerState
from ocim.core.texts import plural
from ocim.operations import activate as activation
from ocim.operations import content, jobs, machines, provisioners, search_servers
from ocim.operations.bring_up import bring_up
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.effective import changes_since, effective_variables, serialize
from ocim.operations.logs import say
from ocim.operations.shop.remote import shared_shells
from ocim.store.claims import move_appserver
from ocim.store.models import SHARED_SERVERS, Deployment, Job, OpenEdXAppServer, OpenEdXInstance
from ocim.store.specs import instance_spec, source_of
from ocim.store.validators import MOST_APPSERVERS


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
    """Create new app servers with the present configuration, and submit the job that spawns them.

    Raise ValidationError if the configuration cannot work, Conflict if the instance is archived.
    """
    if instance.ref_set.is_archived:
        raise Conflict(f"{instance} is archived.", remedy="Unarchive it first.")
    with transaction.atomic():
        appservers = create_appservers(
            instance, context=context, count=count, reason=reason, creator_id=creator_id
        )
        job = jobs.submit(
            target=instance,
            payload=SpawnJob(tuple(appserver.pk for appserver in appservers), activate),
            queue=queue,
            creator_id=creator_id,
        )
    return appservers, job


def create_appservers(
    instance: OpenEdXInstance,
    *,
    context: Context,
    count: int | None = None,
    reason: str = "",
    creator_id: int | None = None,
) -> list[OpenEdXAppServer]:
    """Create the records of new app servers with the present configuration, for a job to spawn."""
    number = instance.openedx_appserver_count if count is None else count
    if not 1 <= number <= MOST_APPSERVERS:
        fault = (
            f"{plural(number, 'app server')} at once: out of range. Choose 1 to {MOST_APPSERVERS}."
        )
        raise ValidationError([fault])
    machines.require_shared(instance, context)
    provisioners.require_balancer(instance, context)
    search_servers.place(instance)
    content.place(instance)
    effective = effective_variables(instance, context.policy)
    checks.require(instance_spec(instance, context.policy), effective.values)
    source = source_of(instance)
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
            provisioner=source.provisioner,
            configuration_source_repo_url=source.repository_url,
            configuration_version=source.version,
            configuration_playbook_name=source.playbook,
            optional_services=sorted(services_of(effective.values) - ALWAYS),
            effective_variables=serialize(effective),
        )
        for _ in range(number)
    ]


@shared_shells()
def run(claim: Claim, payload: SpawnJob) -> list[Action]:
    """Provision the payload's app servers; then, if the payload says so, activate them.

    Both happen in one job, so that no later request comes in between.
    """
    actions = bring_up_all(claim, payload.appservers)
    if payload.activate:
        _require_latest(claim, payload.appservers)
        actions += activation.activate(claim, payload.appservers)
    return actions


def bring_up_all(claim: Claim, ids: Sequence[int]) -> list[Action]:
    """Provision every app server of these that is not running yet."""
    actions: list[Action] = []
    for appserver in _appservers(ids):
        if appserver.state in UNFINISHED:
            actions = bring_up(appserver, claim)
    return actions


def on_failure(claim: Claim, payload: SpawnJob) -> list[Action]:
    """Mark as failed the payload's app servers that did not come up."""
    return fail_unfinished(claim, payload.appservers)


def fail_unfinished(claim: Claim, ids: Sequence[int]) -> list[Action]:
    """Mark as failed, with the job's error, those app servers that did not come up.

    Their hosts are kept. An app server that did come up gets its preview address.
    """
    job, context = claim.job, claim.context
    actions = activation.restore_previous(claim)
    for appserver in _appservers(ids):
        if appserver.state in UNFINISHED:
            first_line = job.error.split("\n", 1)[0]
            say(appserver, f"Failed: {first_line}", context=context, level="error")
            move_appserver(
                appserver,
                AppServerState.FAILED,
                lease=claim.lease,
                failure=job.error,
                failed_at=context.now(),
            )
        elif appserver.state == AppServerState.RUNNING:
            actions.append(SyncBalancer(appserver.instance.load_balancing_server_id))
    return actions


def _require_latest(claim: Claim, ids: Sequence[int]) -> None:
    """Raise Conflict if a newer app server serves already: an older one must not replace it."""
    later = OpenEdXAppServer.objects.filter(
        instance_id=claim.instance_id, is_active=True, pk__gt=max(ids)
    ).first()
    if later is not None:
        problem = f"Not activated: {later}, which was asked for later, serves already."
        for appserver in _appservers(ids):
            say(appserver, problem, context=claim.context, level="error")
        raise Conflict(
            problem,
            remedy=f"To let these serve: ocim appserver activate {' '.join(map(str, ids))}",
        )


def _appservers(ids: Sequence[int]) -> list[OpenEdXAppServer]:
    return list(
        OpenEdXAppServer.objects.filter(pk__in=ids)
        .select_related(
            "server", "instance__ref_set", *(f"instance__{name}" for name in SHARED_SERVERS)
        )
        .order_by("id")
    )
