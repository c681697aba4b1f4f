"""What the port asks for, done with the router's admin interface."""

import json
from http import HTTPStatus

from ocim.adapters.balancers.caddy.admin import START, ask
from ocim.adapters.balancers.caddy.process import Role, saved_config
from ocim.adapters.balancers.caddy.router import marker, router_config
from ocim.adapters.balancers.caddy.settings import (
    AUTHORITY,
    ROUTER_SOCKETS,
    STORAGE,
    Settings,
    write_private,
)
from ocim.core.errors import PermanentError, TransientError
from ocim.core.routing import Routing, check_routing


class CaddyBalancer:
    """Runs on the machine of the manager, and shares the directory `settings.state` with it."""

    kind = "caddy"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def apply(self, routing: Routing) -> None:
        """Load the whole configuration, and keep it for the router's next start.

        Returns when all new requests go by it: `settings.drain` later than it takes to load.
        Calls must not overlap. ValidationError for a routing that contradicts itself,
        PermanentError with Caddy's words.
        """
        check_routing(routing)
        if self.is_applied(routing.digest):
            return
        key = self.settings.cookie_key()
        config = router_config(routing, self.settings, key, socket=self._free_socket())
        content = json.dumps(config).encode()
        status, said = ask(self.settings.state, "POST", "/load", content)
        if status != HTTPStatus.OK:
            raise PermanentError(
                f"The balancer refused its new configuration: {said}.",
                remedy="It goes on serving what it served before.",
            )
        write_private(saved_config(self.settings, Role.ROUTER), content)

    def is_applied(self, digest: str) -> bool:
        """One request of some bytes. Settings or code that changed since make it a no, too."""
        name = marker(digest, self.settings, self.settings.cookie_key())
        status, _ = ask(self.settings.state, "GET", f"/id/{name}")
        return status == HTTPStatus.OK

    def _free_socket(self) -> str:
        _, listens = ask(self.settings.state, "GET", "/config/apps/http/servers/router/listen")
        return next(socket for socket in ROUTER_SOCKETS if socket not in listens)

    def authority(self) -> str:
        """The root certificate of the balancer's own authority, made at the edge's first start."""
        if self.settings.tls.issuer == "acme":
            return ""
        path = self.settings.state / STORAGE / "pki" / "authorities" / AUTHORITY / "root.crt"
        if not path.exists():
            raise TransientError("The balancer has no authority yet.", remedy=START)
        return path.read_text()
