"""The process on the balancer's machine that takes routes from managers on other machines."""

from typing import Any, NoReturn

import uvicorn

from ocim.adapters.balancers.caddy import CaddyBalancer, Settings
from ocim.adapters.balancers.remote.server import Control
from ocim.adapters.balancers.remote.tls import TlsFiles
from ocim.core.errors import ValidationError
from ocim.ports.balancers import Balancer

_FINISH_SECONDS = 30
"""Seconds that requests have to end when the process is stopped."""


def serve(options: Any, settings: Settings) -> NoReturn:
    """Serve managers until a signal ends this process. Raise ValidationError if it cannot start."""
    server = control_server(options, CaddyBalancer(settings))
    server.run()
    raise SystemExit(0 if server.started else 1)


def control_server(options: Any, balancer: Balancer) -> uvicorn.Server:
    """Return the server. Raise ValidationError if its address or its files are unusable."""
    address = options.balancer_control
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValidationError(
            [f"OCIM_BALANCER_CONTROL: {address!r} is not an address."],
            remedy="Write HOST:PORT, such as 10.0.0.5:8444.",
        )
    config = uvicorn.Config(
        Control(balancer),
        host=host.strip("[]"),
        port=int(port),
        http="h11",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    files = TlsFiles(options.balancer_authority, options.balancer_certificate, options.balancer_key)
    config.load()
    config.ssl = files.for_server()
    return uvicorn.Server(config)
