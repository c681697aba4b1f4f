"""What may be wrong with what Ocim looks after: balancer, hosts, jobs, app servers, instances."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q

from ocim.catalog.endpoints import public_probes
from ocim.core.actions import Action
from ocim.core.errors import PermanentError, TransientError
from ocim.core.health import verdict
from ocim.core.hosts import Leftover
from ocim.core.states import UNFINISHED, AppServerState, JobState
from ocim.operations import hosts, jobs
from ocim.operations.balancing import sync
from ocim.operations.context import Context
from ocim.operations.findings import Check, Finding, Severity
from ocim.store.claims import unheld
from ocim.store.models import (
    Job,
    LoadBalancingServer,
    OpenEdXAppServer,
    OpenEdXInstance,
    SearchServer,
)
from ocim.store.specs import instance_spec, search_host

INSTALL = "Install bubblewrap (`apt-get install bubblewrap`), and allow its user namespaces."
PROBE_SECONDS = 3.0
PROBES_AT_ONCE = 8
SLOW = timedelta(minutes=1)
"""A job that nobody takes up for so long has been forgotten."""


def _secrets(_context: Context) -> Iterator[Finding]:
    for _ in OpenEdXInstance.objects.values_list("secret_seed").iterator():
        pass  # a key that does not open one raises
    yield from ()


def _isolation(context: Context) -> Iterator[Finding]:
    isolation = context.adapters.provisioner.isolation()
    if not isolation.is_sandbox:
        yield Finding(
            "warning",
            f"Playbooks run without a sandbox, and can read what Ocim can. {isolation.detail}",
            INSTALL,
        )


def _borders(context: Context) -> Iterator[Finding]:
    """Name the border of each kind of hosts that is used; one without is a warning."""
    used = OpenEdXInstance.objects.filter(ref_set__is_archived=False)
    for kind in used.order_by("provider").values_list("provider", flat=True).distinct():
        provider = context.adapters.providers.get(kind)
        if provider is None:
            continue
        isolation = provider.isolation()
        if isolation.is_sandbox:
            yield Finding("ok", isolation.detail, where=f"{kind} hosts")
        else:
            yield Finding(
                "warning",
                f"Every app server can read what Ocim can, other instances too. {isolation.detail}",
                INSTALL,
                f"{kind} hosts",
            )


def _limits(context: Context) -> Iterator[Finding]:
    isolation = context.adapters.provisioner.isolation()
    if isolation.unlimited:
        what = f"Playbooks can use up this machine's {' and '.join(isolation.unlimited)}."
        remedy = "Let Ocim's services have control groups of their own (Delegate=yes), or be root."
        yield Finding("warning", f"{what} {isolation.limits}", remedy)
    elif isolation.limits:
        yield Finding("ok", isolation.limits)


def _balancer(context: Context) -> Iterator[Finding]:
    rows = list(LoadBalancingServer.objects.order_by("id"))
    if not rows:
        yield Finding("error", "There is no balancer.", "`ocim up` enters the one of this machine.")
    for row in rows:
        applied = context.adapters.balancer.is_applied(row.digest)
        if row.error:
            what = f"It does not take what the database wants: {row.error}"
        elif row.applied < row.wanted or not applied:
            what = "It does not serve what the database wants."
        else:
            continue
        yield Finding(
            "error", what, "ocim balancer sync", row.name, partial(_sync, row.pk, context)
        )


def _hosts(context: Context) -> Iterator[Finding]:
    for kind in context.adapters.providers:
        for name in hosts.orphans(provider=kind, context=context):
            yield Finding(
                "warning",
                "No app server needs this host any more.",
                "`ocim doctor --fix` takes it away with all that is on it.",
                f"{kind} host {name}",
                partial(_destroy, kind, name, context),
            )
        for leftover in hosts.leftovers(provider=kind, context=context):
            of = f"{kind} host {leftover.host}, which is gone" if leftover.host else f"{kind} hosts"
            yield Finding(
                "warning",
                f"There is {leftover.what} that no host has any more.",
                "`ocim doctor --fix` takes it away.",
                of,
                partial(_clear, kind, leftover, context),
            )
    for appserver in _with_host():
        yield from _host_of(appserver, context)


def _with_host() -> Iterator[OpenEdXAppServer]:
    running = OpenEdXAppServer.objects.filter(state=AppServerState.RUNNING)
    yield from running.select_related("server", "instance").order_by("id")


def _host_of(appserver: OpenEdXAppServer, context: Context) -> Iterator[Finding]:
    server = appserver.server
    provider = context.adapters.providers.get(server.provider) if server else None
    instead = (
        f"ocim appserver spawn {appserver.instance_id} --activate"
        if appserver.is_active
        else f"ocim appserver terminate {appserver.pk}"
    )
    where = f"{appserver}, {server.provider} host {server.name}" if server else str(appserver)
    severity: Severity = "error" if appserver.is_active else "warning"
    if server is None or provider is None or provider.find(server.name) is None:
        yield Finding(severity, "Its host is gone.", instead, where)
        return
    try:
        provider.wait_until_reachable(server.name, timeout=0)
    except TransientError:
        if server.is_stopped:
            remedy = f"ocim host start --provider {server.provider}"
            yield Finding(severity, "Its host was stopped by a person.", remedy, where)
            return
        remedy = f"`ocim up` starts those again that it stopped. Otherwise: {instead}"
        yield Finding(severity, "Its host does not answer.", remedy, where)


def _jobs(context: Context) -> Iterator[Finding]:
    now = context.now()
    free = Q(instance__lease__isnull=True) | unheld(
        now, context.policy.lease, lease="instance__lease__"
    )
    unended = Job.objects.filter(free).select_related("instance").order_by("id")
    for job in unended.filter(state=JobState.RUNNING):
        yield Finding(
            "error",
            "Its worker is gone, and no other took it up.",
            "A live worker takes it up; `ocim doctor --fix` calls one.",
            f"{job} of {job.instance}",
            partial(_nudge, job),
        )
    for job in jobs.stuck(context=context):
        yield Finding(
            "error",
            jobs.why_stuck(job),
            "It cannot be cancelled. Restart its worker"
            f" ({job.instance.lease.holder.partition('/')[0]}): another one takes it up again.",
            f"{job} of {job.instance}",
        )
    due = Q(not_before=None, created__lt=now - SLOW) | Q(not_before__lt=now - SLOW)
    for job in unended.filter(due, state=JobState.WAITING):
        yield Finding(
            "warning",
            f"It waits since {job.not_before or job.created:%Y-%m-%d %H:%M} UTC.",
            f"Start a worker: HUEY_QUEUE_NAME={job.queue} ocim worker",
            f"{job} of {job.instance}",
            partial(_nudge, job),
        )


def _appservers(_context: Context) -> Iterator[Finding]:
    working = Job.objects.filter(
        instance=OuterRef("instance"), state__in=(JobState.WAITING, JobState.RUNNING)
    )
    stuck = OpenEdXAppServer.objects.filter(~Exists(working), state__in=UNFINISHED)
    for one in stuck.select_related("instance").order_by("id"):
        yield Finding(
            "error",
            f"It is {one.state}, and no job will finish it.",
            f"ocim appserver terminate {one.pk}, then spawn another.",
            f"{one} of {one.instance}",
        )
    for one in OpenEdXAppServer.objects.filter(is_active=True).select_related("instance"):
        if one.unhealthy_since:
            yield _ill(one, one.unhealthy_since)


def _ill(appserver: OpenEdXAppServer, since: datetime) -> Finding:
    last = appserver.events.filter(created_at__gte=since).order_by("-id").first()
    done = f" It {last.kind}: {last.reason}" if last else ""
    return Finding(
        "error",
        f"Since {since:%Y-%m-%d %H:%M} UTC: {appserver.unhealthy_reason}.{done}",
        f"See `ocim appserver logs {appserver.pk}`;"
        f" `ocim appserver spawn {appserver.instance_id} --activate` replaces it.",
        f"{appserver} of {appserver.instance}",
    )


def _databases(context: Context) -> Iterator[Finding]:
    for instance in _on_the_web():
        for purpose, database in instance_spec(instance, context.policy).databases.items():
            if context.adapters.databases[database.kind].size(database) is None:
                yield Finding(
                    "error",
                    f"Its {purpose} database is gone.",
                    "Put a backup there, or spawn an app server: that makes an empty one.",
                    f"{instance}: {database.name}",
                )


def _search_servers(context: Context) -> Iterator[Finding]:
    for server in SearchServer.objects.order_by("id"):
        if not server.version:
            what, remedy = "It was begun, and is not ready.", f"ocim search-server create {server}"
            yield Finding("warning", what, remedy, server.name)
            continue
        try:
            context.adapters.search[server.kind].examine(search_host(server))
        except (TransientError, PermanentError) as error:
            remedy = error.remedy or "See its own log."
            yield Finding("error", error.problem, remedy, server.name)


def _instances(context: Context) -> Iterator[Finding]:
    address = f"{context.policy.balancer_address}:{context.policy.https_port}"
    asked = [
        (instance, replace(probe, timeout=PROBE_SECONDS))
        for instance in _on_the_web()
        for probe in public_probes(instance_spec(instance, context.policy), address)
    ]
    with ThreadPoolExecutor(PROBES_AT_ONCE) as pool:
        results = pool.map(context.adapters.prober.get, [probe for _, probe in asked])
        for (instance, probe), result in zip(asked, results, strict=True):
            if not (found := verdict([result])).healthy:
                yield Finding(
                    "error",
                    f"{'; '.join(found.reasons)}.",
                    f"See `ocim appserver list {instance.pk}` and the app server's own logs.",
                    f"{instance}: {probe.url}",
                )


def _on_the_web() -> list[OpenEdXInstance]:
    active = OpenEdXInstance.objects.filter(
        appserver_set__is_active=True, ref_set__is_archived=False
    )
    return list(active.select_related("ref_set", "database_server").order_by("id").distinct())


def _sync(balancer_id: int, context: Context) -> list[Action]:
    sync(balancer_id=balancer_id, context=context)
    return []


def _destroy(provider: str, name: str, context: Context) -> list[Action]:
    context.adapters.providers[provider].destroy(name)
    return []


def _clear(provider: str, leftover: Leftover, context: Context) -> list[Action]:
    context.adapters.providers[provider].clear(leftover)
    return []


def _nudge(job: Job) -> list[Action]:
    return [jobs.wake_up(job)]


CHECKS = (
    Check("secrets", "The master key opens the database's secrets.", _secrets, "database"),
    Check("sandbox", "Playbooks are kept from the manager's secrets.", _isolation),
    Check("borders", "No instance has hosts.", _borders, "secrets"),
    Check("limits", "Playbooks cannot use up this machine.", _limits),
    Check("balancer", "It serves what the database wants.", _balancer, "database"),
    Check("hosts", "Every app server has its host, and every host its app server.", _hosts,
          "secrets"),
    Check("jobs", "None was forgotten.", _jobs, "secrets"),
    Check("app servers", "None is stuck, and those that serve are well.", _appservers, "secrets"),
    Check("instance databases", "All are there.", _databases, "secrets"),
    Check("search servers", "All answer, and let Ocim in.", _search_servers, "secrets"),
    Check("instances", "All that have an active app server answer.", _instances, "secrets"),
)  # fmt: skip
