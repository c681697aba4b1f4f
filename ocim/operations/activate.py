"""Activate: switch an instance's traffic to app servers that were proven healthy."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from django.db import transaction

from ocim.catalog.endpoints import probes, public_probes
from ocim.core import stopping
from ocim.core.actions import Action, SyncBalancer
from ocim.core.errors import (
    Conflict,
    LostClaim,
    OcimError,
    PermanentError,
    TransientError,
)
from ocim.core.instance import ALWAYS, Service
from ocim.core.jobs import ActivateJob, ActivationProgress, DeactivateJob
from ocim.core.states import AppServerState
from ocim.core.verification import Line, Outcome
from ocim.operations.balancing import note_change, sync_and_wait
from ocim.operations.claim import Claim
from ocim.operations.context import Context, OnStep
from ocim.operations.health_check import Unhealthy, wait_until_healthy
from ocim.operations.logs import say
from ocim.operations.masking import mask_of_instance, masked_values
from ocim.operations.shop import steps
from ocim.operations.shop.remote import shared_shells, start
from ocim.operations.shop.verify.run import verify
from ocim.store.claims import write_appservers
from ocim.store.models import Lease, OpenEdXAppServer, OpenEdXInstance
from ocim.store.selectors import appservers_with_specs
from ocim.store.specs import appserver_spec, instance_spec

log = logging.getLogger(__name__)

WARM_UP = 5.0
"""Seconds."""


def run(claim: Claim, payload: ActivateJob) -> list[Action]:
    """Let the payload's app servers serve."""
    return activate(claim, payload.appservers, keep=payload.keep)


@shared_shells()
def activate(claim: Claim, appservers: Sequence[int], *, keep: bool = False) -> list[Action]:
    """Let app servers serve instead of those that serve now; with `keep`, beside them.

    Probe them at their hosts first and then, after the switch, through the balancer. If anything
    fails, switch back. The claim's progress names the old ones, for an attempt after an
    interruption.
    """
    lease, context, on_step = claim.lease, claim.context, claim.on_step
    instance = OpenEdXInstance.objects.select_related("load_balancing_server").get(
        pk=claim.instance_id
    )
    chosen = _running(claim.instance_id, appservers)
    spec = instance_spec(instance, context.policy)
    # A service enabled since then runs on none of them, and one disabled since is not public.
    common = spec.services.intersection(*(appserver.services for appserver in chosen))
    progress = claim.progress(ActivationProgress)
    if progress.previous is None:
        progress = replace(progress, previous=tuple(_active(instance)))
        claim.record(progress)
    previous = list(progress.previous or ())
    wanted = sorted({*appservers, *(previous if keep else ())})
    balancer = f"{context.policy.balancer_address}:{context.policy.https_port}"
    on_step("activation")
    try:
        _start_shells(chosen[0], context)
        for appserver in chosen:
            at_host = probes(
                appserver_spec(appserver, context.policy),
                _address(appserver),
                one_port=appserver.one_port,
            )
            wait_until_healthy(at_host, context=context)
        switch_traffic(instance, wanted, lease=lease, context=context)
        if not _in_maintenance(instance, chosen, context):
            on_step("public check")
            public = public_probes(replace(spec, services=common), balancer)
            wait_until_healthy(public, context=context)
            _set_up_in_public(chosen[0], on_step, context)
            _verify_services(chosen[0], on_step, context)
    except LostClaim:
        raise
    except OcimError as error:
        _keep_evidence(chosen, error, lease, context)
        if _active(instance) != previous:
            with stopping.clean_up():
                _put_back(instance, previous, lease, context)
        raise
    for appserver in chosen:
        say(appserver, "Active.", context=context)
    return []


def _start_shells(appserver: OpenEdXAppServer, context: Context) -> None:
    """Start the shells for set-up steps and verification, while the balancer is waited for."""
    if appserver.services - ALWAYS:
        start(appserver, sorted(appserver.services - {Service.STUDIO}), context)


def _in_maintenance(
    instance: OpenEdXInstance, appservers: Sequence[OpenEdXAppServer], context: Context
) -> bool:
    """Return True, and say so in the logs, if visitors see a maintenance page now."""
    instance.refresh_from_db(fields=["maintenance"])
    if instance.maintenance:
        for appserver in appservers:
            text = "Not checked in public: the instance is in maintenance."
            say(appserver, text, context=context, level="warning")
    return bool(instance.maintenance)


def _set_up_in_public(appserver: OpenEdXAppServer, on_step: OnStep, context: Context) -> None:
    """Run the pending set-up steps of ecommerce and discovery that need the LMS to be public."""
    owed = [step for step in steps.chosen(appserver, (), context) if step.public]
    if not owed:
        return
    on_step("set-up steps")
    on_line = partial(say, appserver, context=context)
    try:
        steps.carry_out(appserver, owed, context, on_line=on_line)
    except (TransientError, PermanentError) as error:
        # Services that have just started answer slowly, and discovery does not wait long.
        say(appserver, f"Tried again: {error.problem}", context=context, level="warning")
        context.pause(WARM_UP)
        steps.carry_out(appserver, owed, context, on_line=on_line)


def _verify_services(appserver: OpenEdXAppServer, on_step: OnStep, context: Context) -> None:
    """Verify ecommerce and discovery. Raise Unhealthy, with the checks that failed, if any did."""
    if not (context.policy.verify_services and appserver.services - ALWAYS):
        return
    on_step("verification of services")
    appserver.refresh_from_db(fields=["is_active"])
    report = verify(appserver, context, on_line=lambda line: _tell(appserver, line, context))
    if not report.ok:
        raise Unhealthy(
            "; ".join(f"{line.name}: {line.compared.rstrip('.')}" for line in report.failures),
            [line.as_dict() for line in report.failures],
        )


def _tell(appserver: OpenEdXAppServer, line: Line, context: Context) -> None:
    if line.outcome is Outcome.FAILED:
        text = " ".join(filter(None, (f"{line.name}: {line.compared}", line.remedy)))
        say(appserver, text, context=context, level="error")


def on_failure(claim: Claim, _payload: ActivateJob) -> list[Action]:
    """Let the app servers serve again that served before."""
    return restore_previous(claim)


def restore_previous(claim: Claim) -> list[Action]:
    """Let the app servers serve again that did before, if a worker died after the switch."""
    instance = OpenEdXInstance.objects.get(pk=claim.instance_id)
    previous = claim.progress(ActivationProgress).previous
    if previous is None or _active(instance) == list(previous):
        return []
    running = instance.appserver_set.filter(pk__in=previous, state=AppServerState.RUNNING)
    _write(instance, list(running.values_list("pk", flat=True)), claim.lease, claim.context)
    _set_up_again(previous, claim.context)
    return [SyncBalancer(instance.load_balancing_server_id)]


def deactivate(claim: Claim, payload: DeactivateJob) -> list[Action]:
    """Take the payload's app servers out of the balancer; they stay up."""
    instance = OpenEdXInstance.objects.get(pk=claim.instance_id)
    rest = [pk for pk in _active(instance) if pk not in payload.appservers]
    switch_traffic(instance, rest, lease=claim.lease, context=claim.context)
    return []


def switch_traffic(
    instance: OpenEdXInstance, wanted: list[int], *, lease: Lease, context: Context
) -> None:
    """Activate exactly the `wanted` app servers, and wait until the balancer has followed."""
    going = _write(instance, wanted, lease, context)
    sync_and_wait(balancer_id=instance.load_balancing_server_id, context=context)
    for appserver in OpenEdXAppServer.objects.filter(pk__in=going):
        say(appserver, "Out of the balancer.", context=context)


def _write(
    instance: OpenEdXInstance, wanted: list[int], lease: Lease, context: Context
) -> list[int]:
    """Record exactly the `wanted` app servers as active. Return the ids of those deactivated."""
    now = context.now()
    active = _active(instance)
    coming = [pk for pk in wanted if pk not in active]
    going = [pk for pk in active if pk not in wanted]
    with transaction.atomic():
        write_appservers(
            coming,
            lease=lease,
            is_active=True,
            activated_at=now,
            deactivated_at=None,
            healthy_since=None,
            unhealthy_since=None,
            unhealthy_reason="",
        )
        write_appservers(going, lease=lease, is_active=False, deactivated_at=now)
        note_change(instance.load_balancing_server_id)
    return going


def _put_back(
    instance: OpenEdXInstance, previous: list[int], lease: Lease, context: Context
) -> None:
    try:
        switch_traffic(instance, previous, lease=lease, context=context)
    except LostClaim:
        raise
    except OcimError:
        # The active app servers are recorded, and the balancer's row holds its error.
        log.warning("The balancer has not followed yet: %s was not put back there.", instance)
    _set_up_again(previous, context)


def _set_up_again(previous: Sequence[int], context: Context) -> None:
    """Run the public set-up steps again on the newest of these app servers.

    The services' databases may hold settings of the app server that did not stay.
    """
    appserver = appservers_with_specs().filter(pk__in=previous).order_by("-id").first()
    if appserver is None:
        return
    try:
        _set_up_in_public(appserver, lambda _step: None, context)
    except OcimError as error:
        say(
            appserver,
            f"Its services were not set up again: {error}",
            context=context,
            level="error",
        )


def _active(instance: OpenEdXInstance) -> list[int]:
    active = instance.appserver_set.filter(is_active=True).order_by("id")
    return list(active.values_list("pk", flat=True))


def _running(instance_id: int, ids: Sequence[int]) -> list[OpenEdXAppServer]:
    rows = appservers_with_specs().filter(pk__in=ids, instance_id=instance_id)
    chosen = list(rows.order_by("id"))
    unfit = [f"{row} is {row.state}" for row in chosen if row.state != AppServerState.RUNNING]
    if unfit or len(chosen) != len(ids):
        raise Conflict(
            f"Only running app servers can be activated: {', '.join(unfit) or 'not found'}."
        )
    return chosen


def _address(appserver: OpenEdXAppServer) -> str:
    if appserver.server is None:
        raise Conflict(f"{appserver} has no host.")
    return appserver.server.address


def _keep_evidence(
    appservers: list[OpenEdXAppServer], error: OcimError, lease: Lease, context: Context
) -> None:
    evidence = error.evidence if isinstance(error, Unhealthy) else []
    evidence = masked_values(evidence, mask_of_instance(appservers[0].instance_id))
    write_appservers([appserver.pk for appserver in appservers], lease=lease, evidence=evidence)
    for appserver in appservers:
        say(appserver, f"Not activated: {error.problem}", context=context, level="error")
