"""Terminate app servers, and retire instances."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from ocim.core.actions import Action, SyncBalancer
from ocim.core.errors import Conflict, PermanentError, TransientError
from ocim.core.job_kinds import JobKind
from ocim.core.jobs import ArchiveJob, RetainJob, TerminateJob
from ocim.core.retention import Candidate, expendable
from ocim.core.states import AppServerState, ServerState
from ocim.core.texts import listed
from ocim.operations import brokers, content, instance_databases, jobs, machines
from ocim.operations.activate import switch_traffic
from ocim.operations.balancing import note_change, sync_and_wait
from ocim.operations.claim import Claim, NotYet
from ocim.operations.context import Context
from ocim.operations.logs import say
from ocim.store.claims import move_appserver, move_server
from ocim.store.models import (
    InstanceReference,
    Job,
    Lease,
    OpenEdXAppServer,
    OpenEdXInstance,
)


def terminate(claim: Claim, payload: TerminateJob) -> list[Action]:
    """Destroy the payload's app servers and their hosts, once their last requests have ended.

    Raise Conflict if one is active: another has to serve first.
    """
    chosen = OpenEdXAppServer.objects.filter(
        pk__in=payload.appservers, instance_id=claim.instance_id
    ).select_related("server")
    if active := [str(appserver) for appserver in chosen if appserver.is_active]:
        raise Conflict(
            f"The balancer sends traffic to {listed(active)}.",
            remedy="Activate another app server or deactivate this one first.",
        )
    ended = AppServerState.TERMINATED
    alive = [appserver for appserver in chosen if appserver.state != ended]
    return _end_all(alive, claim)


def archive(claim: Claim, _payload: ArchiveJob) -> list[Action]:
    """Take the instance off the web and destroy its app servers; databases and uploads stay."""
    instance = OpenEdXInstance.objects.get(pk=claim.instance_id)
    switch_traffic(instance, [], lease=claim.lease, context=claim.context)
    _end_all(_with_host(instance), claim)
    with transaction.atomic():
        InstanceReference.objects.filter(pk=instance.pk).update(is_archived=True)
        return note_change(instance.load_balancing_server_id)


def retain(claim: Claim, _payload: RetainJob) -> list[Action]:
    """Terminate the instance's app servers that retention no longer keeps."""
    instance = OpenEdXInstance.objects.get(pk=claim.instance_id)
    return _end_all(spent(instance, claim.context), claim)


def spent(instance: OpenEdXInstance, context: Context) -> list[OpenEdXAppServer]:
    """Return the app servers of the instance that retention no longer keeps."""
    held = list(_with_host(instance))
    ids = expendable(
        [
            Candidate(
                appserver.pk,
                appserver.deployment_id,
                AppServerState(appserver.state),
                appserver.is_active,
                appserver.activated_at,
                appserver.deactivated_at,
                appserver.failed_at,
            )
            for appserver in held
        ],
        context.now(),
        context.policy.retention,
    )
    return [appserver for appserver in held if appserver.pk in ids]


def request_retention(*, queue: str, context: Context) -> list[Action]:
    """Submit a job for every instance with app servers that retention no longer keeps."""
    under_way = Job.objects.filter(kind=JobKind.RETAIN, state__in=jobs.OPEN)
    candidates = (
        OpenEdXInstance.objects.filter(
            Q(appserver_set__state=AppServerState.FAILED)
            | Q(appserver_set__state=AppServerState.RUNNING, appserver_set__is_active=False)
        )
        .exclude(pk__in=under_way.values("instance"))
        .distinct()
    )
    return [
        jobs.wake_up(jobs.submit(target=instance, payload=RetainJob(), queue=queue))
        for instance in candidates
        if spent(instance, context)
    ]


def _with_host(instance: OpenEdXInstance) -> list[OpenEdXAppServer]:
    present = instance.appserver_set.exclude(state=AppServerState.TERMINATED)
    return list(present.select_related("server").defer("effective_variables").order_by("id"))


def _end_all(appservers: Sequence[OpenEdXAppServer], claim: Claim) -> list[Action]:
    """Terminate the app servers. Raise NotYet while some may still answer requests."""
    if not appservers:
        return []
    lease, context = claim.lease, claim.context
    balancer_id = OpenEdXInstance.objects.values_list("load_balancing_server_id", flat=True).get(
        pk=claim.instance_id
    )
    if any(appserver.deactivated_at for appserver in appservers):
        # A balancer that did not follow may still send requests to them.
        sync_and_wait(balancer_id=balancer_id, context=context)
    now, drain = context.now(), timedelta(seconds=context.policy.drain)
    draining = []
    for appserver in appservers:
        if appserver.deactivated_at and now < appserver.deactivated_at + drain:
            draining.append(appserver.deactivated_at + drain)
        else:
            _end(appserver, balancer_id, lease, context)
            _settle(appserver, context)
    if draining:
        raise NotYet(max(draining))
    return [SyncBalancer(balancer_id)]


def _settle(appserver: OpenEdXAppServer, context: Context) -> None:
    """Remove accounts that only this app server used; the next spawn does so if this fails."""
    try:
        instance = OpenEdXInstance.objects.get(pk=appserver.instance_id)
        brokers.settle(instance, context)
        content.settle(instance, context)
        instance_databases.settle(instance, context)
    except (TransientError, PermanentError) as error:
        say(
            appserver,
            f"Its former accounts on shared servers are not removed: {error}",
            context=context,
            level="warning",
        )


def _end(appserver: OpenEdXAppServer, balancer_id: int, lease: Lease, context: Context) -> None:
    server = appserver.server
    if server and server.state != ServerState.GONE:
        machines.provider_of(server.provider, context).destroy(server.name)
        move_server(server, ServerState.GONE, lease=lease, gone_at=context.now())
    with transaction.atomic():
        move_appserver(
            appserver, AppServerState.TERMINATED, lease=lease, terminated_at=context.now()
        )
        say(appserver, "Terminated.", context=context)
        note_change(balancer_id)
