"""Hosts as rows of a list, for commands and API."""

from ocim.store.models import HostedServer, OpenEdXAppServer
from ocim.wiring import context

ORPHAN = "orphan"
"""State of a host that belongs to no app server and no shared server."""
COLUMNS = ("host", "provider", "app server", "instance", "state")


def rows() -> list[dict[str, object]]:
    """Return the values of COLUMNS for every host that providers have.

    An orphan belongs to no app server and no shared server.
    """
    appservers = {
        appserver.server.name: appserver
        for appserver in OpenEdXAppServer.objects.select_related("server", "instance")
        if appserver.server
    }
    servers = {
        name: str(kind._meta.verbose_name)
        for kind in HostedServer.__subclasses__()
        for name in kind._default_manager.values_list("own_host__name", flat=True)
    }
    return [
        dict(
            zip(
                COLUMNS,
                (name, kind, *_owner(appservers.get(name), servers.get(name, ORPHAN))),
                strict=True,
            )
        )
        for kind, provider in context().adapters.providers.items()
        for name in provider.list()
    ]


def _owner(
    appserver: OpenEdXAppServer | None, otherwise: str
) -> tuple[int | None, str | None, str]:
    """Return a host's app server, its instance's domain, and its state or `otherwise`."""
    if appserver:
        return appserver.pk, appserver.instance.internal_lms_domain, appserver.state
    return None, None, otherwise
