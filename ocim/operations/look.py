"""The periodic look at the active app servers; dead ones are restarted.

It asks every active app server at its host, as the health check before an activation does. Nothing
is written for one that is as it was.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from ocim.catalog.endpoints import probes
from ocim.core.actions import Action
from ocim.core.errors import OcimError
from ocim.core.health import Probe, ProbeResult, verdict
from ocim.core.job_kinds import JobKind
from ocim.core.jobs import RecoverJob
from ocim.core.recovery import Condition, condition, has_enough, needs_restart, next_restart
from ocim.core.states import AppServerEventKind
from ocim.operations import jobs, machines
from ocim.operations.context import Context
from ocim.operations.incidents import record_event
from ocim.store.models import Job, OpenEdXAppServer
from ocim.store.selectors import serving
from ocim.store.specs import published

_K = AppServerEventKind
AT_ONCE = 100
"""Number of app servers probed at once: a thousand silent ones take less than a minute."""
PROBE_SECONDS = 5.0
CONFIRMATIONS = 2
"""Number of times that an app server that seems dead is probed again in the same look."""
PAUSE = 5.0
"""Seconds before each repetition: a supervisor may restart a service meanwhile."""


@dataclass(frozen=True, slots=True)
class Seen:
    """App server with its condition."""

    appserver: OpenEdXAppServer
    condition: Condition
    reason: str = ""


def look(*, queue: str, context: Context) -> list[Action]:
    """Probe every active app server, record changes, and submit restarts of dead ones."""
    seen = _examine_all(machines.within_reach(serving(), context), context)
    for _ in range(CONFIRMATIONS):
        dead = [result.appserver for result in seen if result.condition is Condition.DEAD]
        if not dead:
            break
        context.pause(PAUSE)
        again = {result.appserver.pk: result for result in _examine_all(dead, context)}
        seen = [again.get(result.appserver.pk, result) for result in seen]
    actions = _note_well([result.appserver for result in seen if not result.reason], context)
    for result in seen:
        if result.reason:
            actions += _note_ill(result, queue, context)
    return actions


def _examine_all(appservers: Iterable[OpenEdXAppServer], context: Context) -> list[Seen]:
    listed = list(appservers)
    with ThreadPoolExecutor(AT_ONCE) as pool:  # which uses no database
        return list(pool.map(lambda appserver: examine(appserver, context), listed))


def host_probes(appserver: OpenEdXAppServer, context: Context) -> tuple[Probe, ...]:
    """Return the probes of an app server's services at its host."""
    address = appserver.server.address if appserver.server else ""
    return probes(published(appserver, context.policy), address, one_port=appserver.one_port)


def examine(appserver: OpenEdXAppServer, context: Context) -> Seen:
    """Probe the services of an app server at its host. Return its condition."""
    results: list[ProbeResult] = []
    for probe in host_probes(appserver, context):
        results.append(context.adapters.prober.get(replace(probe, timeout=PROBE_SECONDS)))
        if results[-1].timed_out:
            break  # the others would take as long, and there are many app servers
    reasons = verdict(results).reasons
    host = _fault_of_host(appserver, context, is_well=not reasons)
    state = condition(results, host_is_up=not host)
    return Seen(appserver, state, "; ".join(filter(None, (host, *reasons))))


def _fault_of_host(appserver: OpenEdXAppServer, context: Context, *, is_well: bool) -> str:
    """Return the fault of the host, or "": processes may answer whose files are gone."""
    server = appserver.server
    assert server  # noqa: S101 - what serves is on a host
    provider = context.adapters.providers[server.provider]
    try:
        if provider.find(server.name) is None:
            return "Its host is gone"
        if not is_well:
            provider.wait_until_reachable(server.name, timeout=0)
    except OcimError as error:
        return error.problem.rstrip(".")
    return ""


def _note_well(appservers: Sequence[OpenEdXAppServer], context: Context) -> list[Action]:
    changed = [appserver for appserver in appservers if appserver.healthy_since is None]
    if not changed:
        return []
    OpenEdXAppServer.objects.filter(
        pk__in=[appserver.pk for appserver in changed], is_active=True
    ).update(healthy_since=context.now(), unhealthy_since=None, unhealthy_reason="")
    actions: list[Action] = []
    for appserver in changed:
        last = appserver.events.order_by("-id").first() if appserver.unhealthy_since else None
        open_kinds = (_K.RECOVERED, _K.RESTARTING)
        if last and last.kind not in open_kinds:  # the job of a restart records its end itself
            actions += record_event(appserver, _K.RECOVERED, "", context=context)
    return actions


def _note_ill(seen: Seen, queue: str, context: Context) -> list[Action]:
    now, appserver = context.now(), seen.appserver
    since = appserver.unhealthy_since or now
    with transaction.atomic():
        if (appserver.unhealthy_since, appserver.unhealthy_reason) != (since, seen.reason):
            active = OpenEdXAppServer.objects.filter(pk=appserver.pk, is_active=True)
            if not active.update(
                healthy_since=None, unhealthy_since=since, unhealthy_reason=seen.reason
            ):
                return []  # it was deactivated meanwhile
        if needs_restart(seen.condition, since, now):
            return _have_restarted(seen, queue, context)
        if seen.condition is not Condition.UNWELL or appserver.unhealthy_since is None:
            return []  # it may recover until the next look
        reported = appserver.events.filter(kind=_K.UNWELL, created_at__gte=since)
        if reported.exists():
            return []
        return record_event(appserver, _K.UNWELL, seen.reason, context=context)


def _have_restarted(seen: Seen, queue: str, context: Context) -> list[Action]:
    """Submit the job, unless one waits already or an hour allows no more."""
    appserver, now = seen.appserver, context.now()
    payload = RecoverJob(appserver.pk)
    open_jobs = Job.objects.filter(
        instance_id=appserver.instance_id, kind=JobKind.RECOVER, state__in=jobs.OPEN
    )
    if any(jobs.payload_of(job) == payload for job in open_jobs):
        return []
    before = _restarts(appserver)
    if next_restart(before, now) <= now:
        job = jobs.submit(target=appserver.instance, payload=payload, queue=queue)
        return [jobs.wake_up(job)]
    left = appserver.events.filter(kind=_K.LEFT_ALONE, created_at__gte=before[-1])
    if not has_enough(before, now) or left.exists():
        return []
    reason = f"It was restarted {len(before)} times within an hour. {seen.reason}"
    return record_event(appserver, _K.LEFT_ALONE, reason, context=context)


def _restarts(appserver: OpenEdXAppServer) -> list[datetime]:
    """Return when its jobs began, oldest first; one that was cancelled before it did counts too."""
    tried = appserver.events.filter(kind__in=(_K.RESTARTING, _K.NOT_RECOVERED))
    by_job = tried.order_by().values_list("job").annotate(first=Min("created_at"))
    return sorted(first for _, first in by_job)
