"""Spawn: from an instance's configuration to a running app server."""

from functools import partial

from django.db import transaction

from ocim.catalog.shop import checks
from ocim.catalog.variables.services import services_of
from ocim.core.actions import Action, SyncBalancer
from ocim.core.errors import Conflict, ValidationError
from ocim.core.instance import ALWAYS
from ocim.core.states import UNFINISHED, AppServerState
from ocim.core.texts import plural
from ocim.operations import activate as activation
from ocim.operations import jobs, search_servers
from ocim.operations.bring_up import bring_up
from ocim.operations.context import Context, OnStep
from ocim.operations.effective import changes_since, effective_variables, serialize
from ocim.operations.logs import say
from ocim.store.claims import move_appserver
from ocim.store.models import Deployment, Job, Lease, OpenEdXAppServer, OpenEdXInstance
from ocim.store.specs import instance_spec
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
    """Write down new app servers with the configuration as it is now, and the job to make them.

    ValidationError where the configuration cannot work; Conflict for an archived instance.
    """
    if instance.ref_set.is_archived:
        raise Conflict(f"{instance} is archived.", remedy="Unarchive it first.")
    with transaction.atomic():
        appservers = create_appservers(
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


def create_appservers(
    instance: OpenEdXInstance,
    *,
    context: Context,
    count: int | None = None,
    reason: str = "",
    creator_id: int | None = None,
) -> list[OpenEdXAppServer]:
    """New app servers with the configuration as it is now, for a job that will make them."""
    number = instance.openedx_appserver_count if count is None else count
    if not 1 <= number <= MOST_APPSERVERS:
        raise ValidationError(
            [f"{plural(number, 'app server')} at once: not possible. Say 1 to {MOST_APPSERVERS}."]
        )
    search_servers.place(instance)
    effective = effective_variables(instance, context.policy)
    checks.require(instance_spec(instance, context.policy), effective.values)
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
            effective_variables=serialize(effective),
        )
        for _ in range(number)
    ]


def run(job: Job, lease: Lease, context: Context, *, on_step: OnStep | None = None) -> list[Action]:
    """Bring up every app server of the job that is not up yet; then, if asked for, activate.

    Both in one job, so that nothing that was asked for later comes in between. `on_step` is called
    with the name of each step as it begins.
    """
    on_step = on_step or partial(jobs.enter_step, job.pk, context=context)
    actions: list[Action] = []
    for appserver in _of(job):
        if appserver.state in UNFINISHED:
            actions = bring_up(appserver, job, lease, context, on_step)
    if job.arguments.get("activate"):
        _require_latest(job, context)
        actions += activation.activate(job, lease, context, on_step=on_step)
    return actions


def on_failure(job: Job, lease: Lease, context: Context) -> list[Action]:
    """Mark what did not come up as failed, with the job's reason; its host is kept.

    What did come up is to get its preview address, though it is not activated.
    """
    actions = activation.on_failure(job, lease, context)
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
        elif appserver.state == AppServerState.RUNNING:
            actions.append(SyncBalancer(appserver.instance.load_balancing_server_id))
    return actions


def _require_latest(job: Job, context: Context) -> None:
    """Conflict where what was asked for later serves already: an upgrade is not taken back."""
    ids = job.arguments["appservers"]
    later = OpenEdXAppServer.objects.filter(
        instance_id=job.instance_id, is_active=True, pk__gt=max(ids)
    ).first()
    if later is not None:
        problem = f"Not activated: {later}, which was asked for later, serves already."
        for appserver in _of(job):
            say(appserver, problem, context=context, level="error")
        raise Conflict(
            problem,
            remedy=f"To let these serve: ocim appserver activate {' '.join(map(str, ids))}",
        )


def _of(job: Job) -> list[OpenEdXAppServer]:
    return list(
        OpenEdXAppServer.objects.filter(pk__in=job.arguments["appservers"])
        .select_related(
            "instance__ref_set", "instance__database_server", "instance__search_server", "server"
        )
        .order_by("id")
    )
