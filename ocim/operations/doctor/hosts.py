"""The check that every app server has its host, and every host its app server."""

from collections.abc import Iterator
from functools import partial

from ocim.core.actions import Action
from ocim.core.errors import OcimError, TransientError
from ocim.core.hosts import Leftover
from ocim.core.states import AppServerState
from ocim.operations import hosts
from ocim.operations.context import Context
from ocim.operations.findings import Finding, Severity
from ocim.store.models import OpenEdXAppServer


def check_hosts(context: Context) -> Iterator[Finding]:
    """Yield hosts without an app server, leftovers of hosts, and app servers without their host."""
    for kind in context.adapters.providers:
        try:
            yield from _unneeded(kind, context)
        except OcimError as error:
            yield Finding("error", error.problem, error.remedy, f"{kind} hosts")
    for appserver in _with_host():
        yield from _host_of(appserver, context)


def _unneeded(kind: str, context: Context) -> Iterator[Finding]:
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


def _destroy(provider: str, name: str, context: Context) -> list[Action]:
    context.adapters.providers[provider].destroy(name)
    return []


def _clear(provider: str, leftover: Leftover, context: Context) -> list[Action]:
    context.adapters.providers[provider].clear(leftover)
    return []
