"""The job that restarts a dead app server, or lets its fallback serve instead."""

from dataclasses import replace

from ocim.core.actions import Action
from ocim.core.errors import Conflict, LostClaim, OcimError
from ocim.core.jobs import RecoverJob, RecoveryProgress
from ocim.core.recovery import Condition
from ocim.core.states import AppServerEventKind, AppServerState, ServerState
from ocim.operations import activate, machines
from ocim.operations.balancing import note_change, sync_and_wait
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.health_check import wait_until_healthy
from ocim.operations.incidents import record_event
from ocim.operations.logs import say
from ocim.operations.look import examine, host_probes
from ocim.store.claims import move_server, write_appservers
from ocim.store.models import Lease, OpenEdXAppServer
from ocim.store.selectors import appservers_with_specs


def run(claim: Claim, payload: RecoverJob) -> list[Action]:
    """Restart the app server's host and wait until it answers; else let the fallback serve.

    Return at once if the app server is inactive, answers again, or was stopped by a person.
    """
    lease, context = claim.lease, claim.context
    appserver = _appserver(payload)
    if claim.progress(RecoveryProgress).fallback is not None:
        return _let_fallback_serve(appserver, claim)
    server = appserver.server
    if not appserver.is_active or server is None or server.is_stopped:
        return []
    seen = examine(appserver, context)
    if seen.condition is Condition.WELL:
        if not claim.progress(RecoveryProgress).started:
            say(appserver, "It answers again; its host is not restarted.", context=context)
        return _recovered(appserver, claim)
    actions: list[Action] = []
    if not claim.progress(RecoveryProgress).started:
        # Recorded before the restart, so that it counts even if the worker dies.
        actions = record_event(
            appserver, AppServerEventKind.RESTARTING, seen.reason, context=context, job=claim.job
        )
        claim.record(RecoveryProgress(started=True))
    try:
        _restart(appserver, lease, context)
    except LostClaim:
        raise
    except OcimError as error:
        say(appserver, f"Not restarted: {error.problem}", context=context, level="error")
        _choose_fallback(appserver, error, claim)
        return actions + _let_fallback_serve(appserver, claim)
    return actions + _recovered(appserver, claim)


def on_failure(claim: Claim, payload: RecoverJob) -> list[Action]:
    """Record that the recovery failed; the active app servers stay as they are."""
    appserver = _appserver(payload)
    if not appserver.is_active:
        return []
    return record_event(
        appserver,
        AppServerEventKind.NOT_RECOVERED,
        claim.job.error,
        context=claim.context,
        job=claim.job,
    )


def _appserver(payload: RecoverJob) -> OpenEdXAppServer:
    return appservers_with_specs().get(pk=payload.appserver)


def _restart(appserver: OpenEdXAppServer, lease: Lease, context: Context) -> None:
    server = appserver.server
    assert server  # noqa: S101 - what is active has one
    provider = machines.provider_of(server.provider, context)
    provider.reboot(server.name)
    host = provider.wait_until_reachable(server.name, timeout=context.policy.host_timeout)
    if host.address != server.address:
        move_server(server, ServerState.UP, lease=lease, address=host.address)
        balancer_id = appserver.instance.load_balancing_server_id
        note_change(balancer_id)
        sync_and_wait(balancer_id=balancer_id, context=context)
    say(appserver, "Its host was started again.", context=context)
    wait_until_healthy(
        host_probes(appserver, context), context=context, patience=context.policy.recovery_timeout
    )


def _recovered(appserver: OpenEdXAppServer, claim: Claim) -> list[Action]:
    write_appservers(
        [appserver.pk],
        lease=claim.lease,
        healthy_since=claim.context.now(),
        unhealthy_since=None,
        unhealthy_reason="",
    )
    if not claim.progress(RecoveryProgress).started:
        return []
    return record_event(
        appserver,
        AppServerEventKind.RECOVERED,
        "Its host was started again.",
        context=claim.context,
        job=claim.job,
    )


def _choose_fallback(appserver: OpenEdXAppServer, error: OcimError, claim: Claim) -> None:
    """Record which app server is to serve instead. Raise Conflict if there is none."""
    context = claim.context
    others = appservers_with_specs().filter(instance_id=appserver.instance_id)
    serving = others.filter(is_active=True).exclude(pk=appserver.pk)
    if any(examine(other, context).condition is Condition.WELL for other in serving):
        raise Conflict(f"{error.problem} The other active app servers serve.")
    before = others.filter(
        state=AppServerState.RUNNING, is_active=False, deactivated_at__isnull=False
    ).order_by("-deactivated_at", "-id")
    fallback = before.filter(openedx_release=appserver.openedx_release).first()
    remedy = f"ocim appserver spawn {appserver.instance_id} --activate"
    if fallback is None:
        other = before.first()
        why = (
            f"Its fallback, {other}, is of release {other.openedx_release}, and it is of"
            f" {appserver.openedx_release}."
            if other
            else "There is no fallback."
        )
        raise Conflict(f"{error.problem} {why}", remedy=remedy)
    if not context.policy.fallback_serves:
        why = f"OCIM_FALLBACK_SERVES keeps its fallback, {fallback}, from serving."
        remedy = f"ocim appserver activate {fallback.pk}, or {remedy}"
        raise Conflict(f"{error.problem} {why}", remedy=remedy)
    progress = claim.progress(RecoveryProgress)
    claim.record(replace(progress, fallback=fallback.pk, restart_error=error.problem))
    say(appserver, f"Its fallback, {fallback}, will serve.", context=context, level="warning")


def _let_fallback_serve(appserver: OpenEdXAppServer, claim: Claim) -> list[Action]:
    progress = claim.progress(RecoveryProgress)
    chosen, why = progress.fallback, progress.restart_error
    assert chosen is not None  # noqa: S101 - it is recorded before
    fallback = f"app server {chosen}"
    try:
        actions = activate.activate(claim, [chosen])
    except LostClaim:
        raise
    except OcimError as error:
        raise Conflict(
            f"{why} Its fallback, {fallback}, was not activated: {error.problem}",
            remedy=f"ocim appserver spawn {appserver.instance_id} --activate",
        ) from error
    reason = f"{why} {fallback.capitalize()} serves."
    kind = AppServerEventKind.REPLACED
    return actions + record_event(appserver, kind, reason, context=claim.context, job=claim.job)
