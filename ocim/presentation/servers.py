"""Shared servers as rows of a list, for commands, pages and API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Count, QuerySet

from ocim.operations import broker_servers, content_servers, database_servers, search_servers
from ocim.presentation.server_facts import broker_facts, content_facts, database_facts, search_facts
from ocim.store.models import (
    BrokerServer,
    DatabaseServer,
    HostedServer,
    LoadBalancingServer,
    SearchServer,
)
from ocim.wiring import context


@dataclass(frozen=True, slots=True)
class ServerKind:
    """A kind of shared server, with all that commands, pages and API need of it."""

    what: str
    """Name of such a server in sentences, such as `search server`."""
    data: str
    """Words for what is lost with a server, such as `all indexes`."""
    operations: Any
    """Module with `find`, `request_creation`, `register` and `remove`."""
    model: type[HostedServer]
    facts: Callable[[Any], dict[str, object]]
    """Function that returns a server's facts, as it answers now."""
    user: str
    """Usual user that may create others; empty: there are no users, but a master key."""
    example: str
    """Example of a URL to register."""
    created: bool = True
    """True if Ocim can create such a server; False: it is registered only."""


KINDS: Mapping[str, ServerKind] = {
    "database": ServerKind(
        database_servers.WHAT,
        "all databases",
        database_servers,
        DatabaseServer,
        database_facts,
        database_servers.RECIPE.admin,
        database_servers.EXAMPLE,
    ),
    "search": ServerKind(
        search_servers.WHAT,
        "all indexes",
        search_servers,
        SearchServer,
        search_facts,
        search_servers.ADMIN,
        search_servers.EXAMPLE,
    ),
    "broker": ServerKind(
        broker_servers.WHAT,
        "all messages",
        broker_servers,
        BrokerServer,
        broker_facts,
        broker_servers.ADMIN,
        broker_servers.EXAMPLE,
    ),
    **{
        kind.kind: ServerKind(
            kind.what,
            "all content",
            kind,
            kind.model,
            partial(content_facts, kind=kind),
            kind.user,
            kind.example,
            created=False,
        )
        for kind in content_servers.KINDS
    },
}
COLUMNS = ("name", "url", "version", "instances", "accepts new", "host")


def servers(model: type[HostedServer]) -> QuerySet[Any]:
    """Return the servers of a kind by name, with the numbers of their instances."""
    rows = model._default_manager.select_related("own_host").order_by("name")
    return rows.annotate(clients=Count("openedxinstance"))


def row(server: Any) -> dict[str, object]:
    """Return the values of COLUMNS for a server from `servers`.

    Address and version are empty until it is created.
    """
    embedded = getattr(server, "directory", "")
    values = (
        server.name,
        server.url if server.host or embedded else "",
        "SQLite" if embedded else server.version,
        server.clients,
        server.accepts_new_clients,
        server.own_host and server.own_host.name,
    )
    return dict(zip(COLUMNS, values, strict=True))


def balancers() -> list[dict[str, object]]:
    """Return each balancer's state: its address, whether it lags behind, its certificates.

    Raise TransientError if a balancer on another machine does not answer.
    """
    adapter = context().adapters.balancer
    states = []
    for server in LoadBalancingServer.objects.order_by("id"):
        is_applied = adapter.is_applied(server.digest)
        access = adapter.access()
        states.append(
            {
                "name": server.name,
                "address": access.address,
                "up to date": is_applied and server.applied >= server.wanted,
                "version": server.version,
                "error": server.error,
                **dict(access.expiries),
            }
        )
    return states
