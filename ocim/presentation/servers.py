"""Shared servers as rows of a list, for commands and API."""

from typing import Any

from django.db.models import Count, QuerySet

from ocim.store.models import HostedServer

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
