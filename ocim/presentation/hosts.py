"""Hosts, and machines of the pool, as rows of a list, for commands and API."""

from pathlib import Path

from django.conf import settings

from ocim.ports.lent_machines import LentMachine
from ocim.store.lent_machines import StoredMachines
from ocim.store.models import CREATED, OpenEdXAppServer
from ocim.wiring import context

ORPHAN = "orphan"
"""State of a host that belongs to no app server and no shared server."""
COLUMNS = ("host", "provider", "app server", "instance", "state")
OF_POOL = ("machine", "host", "kept out")


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
        for kind in CREATED
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


def pool_rows() -> list[dict[str, object]]:
    """Return the values of OF_POOL for every machine that is lent, and those lent before.

    The last value is the reason why a machine must not be used; None: it may be.
    """
    from ocim.adapters.providers.ssh.pool import read_pool

    options = settings.OCIM
    engine = options.engine_machine
    pool = read_pool(Path(options.ssh_pool), engine=engine).hosts if options.ssh_pool else ()
    lent = {machine.name: machine for machine in StoredMachines().all()}
    names = sorted({*lent, *(machine.name for machine in pool if machine.name != engine)})
    used = [lent.get(name, LentMachine(name)) for name in names]
    return [
        dict(
            zip(
                OF_POOL, (machine.name, machine.host or None, machine.kept_out or None), strict=True
            )
        )
        for machine in used
    ]


def _owner(
    appserver: OpenEdXAppServer | None, otherwise: str
) -> tuple[int | None, str | None, str]:
    """Return a host's app server, its instance's domain, and its state or `otherwise`."""
    if appserver:
        return appserver.pk, appserver.instance.internal_lms_domain, appserver.state
    return None, None, otherwise
