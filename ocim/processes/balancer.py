"""The balancer's processes. They start without the rest of Ocim, because visitors are waiting."""

from pathlib import Path
from typing import Any, NoReturn

from ocim.adapters.balancers.caddy import Role, Settings, Tls, start
from ocim.processes import sockets, supervisor

CONTROL = "control"
"""The process that takes routes from managers on other machines."""
ROLES = (*(role.value for role in Role), CONTROL)
EDGE_SOCKETS = ("https", "http")


def become(options: Any, role: str) -> NoReturn:
    """Replace this process by one of the balancer's. Raise OcimError if it cannot start.

    Under supervisord, the guards hold the sockets, and this process waits until its predecessor has
    ended. Otherwise systemd passes the sockets, or the edge binds them itself.
    """
    if role == CONTROL:
        from ocim.processes.control import serve  # noqa: PLC0415 - the others need no web server

        serve(options, balancer_settings(options))
    run = supervisor.run_directory()
    held = (
        sockets.wait_for(run, EDGE_SOCKETS) if run and role == Role.EDGE else sockets.from_systemd()
    )
    inherited = {
        name: [listener.detach() for listener in held.get(name, [])] for name in EDGE_SOCKETS
    }
    start(balancer_settings(options), Role(role), inherited=inherited, waits=run is not None)


def balancer_settings(options: Any) -> Settings:
    """Return the balancer's settings from Ocim's options."""
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
