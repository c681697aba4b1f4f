"""The balancer's processes, started without the rest of Ocim: a visitor waits meanwhile."""

from pathlib import Path
from typing import Any, NoReturn

from ocim.adapters.balancers.caddy import Role, Settings, Tls, start
from ocim.processes import sockets, supervisor

ROLES = tuple(role.value for role in Role)
OF_EDGE = ("https", "http")


def become(options: Any, role: str) -> NoReturn:
    """Become one of the balancer's processes.

    Under supervisord, guards have the sockets, and this process waits for the one that it is to
    replace. Otherwise they come from systemd, or the edge binds them itself.
    """
    run = supervisor.run_directory()
    held = sockets.wait_for(run, OF_EDGE) if run and role == Role.EDGE else sockets.from_systemd()
    inherited = {name: [one.detach() for one in held.get(name, [])] for name in OF_EDGE}
    start(balancer_settings(options), Role(role), inherited=inherited, waits=run is not None)


def balancer_settings(options: Any) -> Settings:
    """Return how the balancer's processes are started, and reached, from Ocim's options."""
    roots = Path(options.acme_roots) if options.acme_roots else None
    if options.acme_directory:
        tls = Tls("acme", options.acme_directory, options.acme_email, roots)
    else:
        tls = Tls()
    return Settings(
        state=options.var / "balancer",
        bind=options.balancer_bind,
        https_port=options.https_port,
        http_port=options.http_port,
        tls=tls,
    )
