"""Checks of what Ocim manages: balancer, hosts, jobs, app servers, databases, instances."""

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
from ocim.core.texts import listed
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
"""Seconds that an instance has to answer in."""
PROBES_AT_ONCE = 8
SLOW = timedelta(minutes=1)
"""Time after which a job that no worker has started counts as forgotten."""


def _secrets(_context: Context) -> Iterator[Finding]:
    for _ in OpenEdXInstance.objects.values_list("secret_seed").iterator():
        pass  # a wrong master key raises
    yield from ()


def _isolation(context: Context) -> Iterator[Finding]:
    isolation = context.adapters.provisioner.isolation()
    if not isolation.is_sandbox:
        yield Finding(
            "warning",
            f"Playbooks run without a sandbox and can read all of Ocim's files. {isolation.detail}",
            INSTALL,
        )


def _borders(context: Context) -> Iterator[Finding]:
    """Yield how hosts of each kind in use are isolated; warn about kinds that are not."""
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
                f"Every app server can read Ocim's files, other instances too. {isolation.detail}",
                INSTALL,
                f"{kind} hosts",
            )


def _limits(context: Context) -> Iterator[Finding]:
    isolation = context.adapters.provisioner.isolation()
    if isolation.unlimited:
        what = f"Playbooks can use up this machine's {listed(isolation.unlimited)}."
        remedy = "Delegate control groups to Ocim's services (Delegate=yes), or run them as root."
        yield Finding("warning", f"{what} {isolation.limits}", remedy)
    elif isolation.limits:
        yield Finding("ok", isolation.limits)


def _balancer(context: Context) -> Iterator[Finding]:
    rows = list(LoadBalancingServer.objects.order_by("id"))
    if not rows:
        yield Finding("error", "No balancer is registered.", "Run `ocim setup`.")
    for row in rows:
        applied = context.adapters.balancer.is_applied(row.digest)
        if row.error:
            what = f"It rejects the routes of the database: {row.error}"
        elif row.applied < row.wanted or not applied:
            what = "Its routes differ from the database's."
        else:
            continue
        yield Finding(
            "error", what, "Run `ocim balancer sync`.", row.name, partial(_sync, row.pk, context)
        )


def _hosts(context: Context) -> Iterator[Finding]:
    for kind in context.adapters.providers:
        for name in hosts.orphans(provider=kind, context=context):
            yield Finding(
                "warning",
                "No app server needs this host.",
                "`ocim doctor --fix` destroys it with everything on it.",
                f"{kind} host {name}",
                partial(_destroy, kind, name, context),
            )
        for leftover in hosts.leftovers(provider=kind, context=context):
            of = f"{kind} host {leftover.host}, which is gone" if leftover.host else f"{kind} hosts"
            yield Finding(
                "warning",
                f"Leftover: {leftover.what} that belongs to no host.",
                "`ocim doctor --fix` removes it.",
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
        remedy = f"If `ocim up` was stopped, start it again. Otherwise: {instead}"
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
            "Its worker is gone, and no other worker has taken it over.",
            "`ocim doctor --fix` queues it again.",
            f"{job} of {job.instance}",
            partial(_nudge, job),
        )
    for job in jobs.stuck(context=context):
        yield Finding(
            "error",
            jobs.why_stuck(job),
            "It cannot be cancelled. Restart its worker"
            f" ({job.instance.lease.holder.partition('/')[0]}): another one takes it over.",
            f"{job} of {job.instance}",
        )
    due = Q(not_before=None, created__lt=now - SLOW) | Q(not_before__lt=now - SLOW)
    for job in unended.filter(due, state=JobState.WAITING):
        yield Finding(
            "warning",
            f"No worker has started it since {job.not_before or job.created:%Y-%m-%d %H:%M} UTC.",
            f"Start a worker: HUEY_QUEUE_NAME={job.queue} ocim worker",
            f"{job} of {job.instance}",
            partial(_nudge, job),
        )


def _appservers(_context: Context) -> Iterator[Finding]:
    working = Job.objects.filter(
        instance=OuterRef("instance"), state__in=(JobState.WAITING, JobState.RUNNING)
    )
    stuck = OpenEdXAppServer.objects.filter(~Exists(working), state__in=UNFINISHED)
    for appserver in stuck.select_related("instance").order_by("id"):
        yield Finding(
            "error",
            f"It is {appserver.state}, and no job will finish it.",
            f"Destroy it (ocim appserver terminate {appserver.pk}) and spawn another.",
            f"{appserver} of {appserver.instance}",
        )
    for appserver in OpenEdXAppServer.objects.filter(is_active=True).select_related("instance"):
        if appserver.unhealthy_since:
            yield _unhealthy(appserver, appserver.unhealthy_since)


def _unhealthy(appserver: OpenEdXAppServer, since: datetime) -> Finding:
    last = appserver.events.filter(created_at__gte=since).order_by("-id").first()
    done = f" It {last.kind}: {last.reason}" if last else ""
    return Finding(
        "error",
        f"Since {since:%Y-%m-%d %H:%M} UTC: {appserver.unhealthy_reason}.{done}",
        f"Look into its log (ocim appserver logs {appserver.pk}), or replace it:"
        f" ocim appserver spawn {appserver.instance_id} --activate",
        f"{appserver} of {appserver.instance}",
    )


def _databases(context: Context) -> Iterator[Finding]:
    for instance in _on_the_web():
        for purpose, database in instance_spec(instance, context.policy).databases.items():
            if context.adapters.databases[database.kind].size(database) is None:
                yield Finding(
                    "error",
                    f"Its {purpose} database is gone.",
                    "Restore a backup, or spawn an app server, which creates an empty database.",
                    f"{instance}: {database.name}",
                )


def _search_servers(context: Context) -> Iterator[Finding]:
    for server in SearchServer.objects.order_by("id"):
        if not server.version:
            remedy = f"Finish it with: ocim search-server create {server}"
            yield Finding("warning", "Its creation was interrupted.", remedy, server.name)
            continue
        try:
            context.adapters.search[server.kind].examine(search_host(server))
        except (TransientError, PermanentError) as error:
            remedy = error.remedy or "Look into the search server's own log."
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
            if not (health := verdict([result])).healthy:
                yield Finding(
                    "error",
                    f"{'; '.join(health.reasons)}.",
                    f"Look into the logs of its app server (ocim appserver list {instance.pk}).",
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
    Check("secrets", "The master key decrypts the database's secrets.", _secrets, "database"),
    Check(
        "sandbox", "Playbooks run in a sandbox without access to the manager's secrets.", _isolation
    ),
    Check("borders", "No instance uses hosts yet.", _borders, "secrets"),
    Check("limits", "Playbooks cannot use up this machine.", _limits),
    Check("balancer", "Its routes match the database.", _balancer, "database"),
    Check(
        "hosts",
        "Every app server has its host, and every host its app server.",
        _hosts,
        "secrets",
    ),
    Check("jobs", "No job is forgotten.", _jobs, "secrets"),
    Check(
        "app servers",
        "No app server is stuck, and every active one is healthy.",
        _appservers,
        "secrets",
    ),
    Check("instance databases", "Every active instance has its databases.", _databases, "secrets"),
    Check(
        "search servers",
        "Every search server answers and accepts Ocim's password.",
        _search_servers,
        "secrets",
    ),
    Check("instances", "Every active instance answers.", _instances, "secrets"),
)
