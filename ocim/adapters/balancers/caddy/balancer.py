"""The balancer port, implemented with the admin API of Caddy's router."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from ocim.adapters.balancers.caddy.admin import START, ask
from ocim.adapters.balancers.caddy.process import Role, saved_config
from ocim.adapters.balancers.caddy.router import marker, router_config
from ocim.adapters.balancers.caddy.settings import (
    AUTHORITY,
    ROUTER_SOCKETS,
    STORAGE,
    Settings,
)
from ocim.adapters.files import write_whole
from ocim.core.balancers import Access
from ocim.core.errors import PermanentError, TransientError
from ocim.core.routing import Routing, check_routing, check_version


class CaddyBalancer:
    """The balancer on this machine; it shares the directory `settings.state` with its processes."""

    kind = "caddy"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def apply(self, routing: Routing) -> None:
        """Load the whole configuration, and save it for the router's next start.

        Return once all new requests follow it: `settings.drain` seconds after it was loaded. Raise
        ValidationError if the routing contradicts itself, LostClaim if a newer one was applied,
        PermanentError if Caddy rejects it.
        """
        check_routing(routing)
        with self._applying(routing.version):
            if not self.is_applied(routing.digest):
                self._load(routing)

    @contextmanager
    def _applying(self, version: int) -> Iterator[None]:
        """Keep other processes from applying meanwhile, and later ones from applying less."""
        self.settings.prepare()
        path = self.settings.state / "version"
        with (self.settings.state / "apply.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            check_version(version, int(path.read_text()) if path.exists() else 0)
            write_whole(path, str(version))
            yield

    def _load(self, routing: Routing) -> None:
        key = self.settings.cookie_key()
        config = router_config(routing, self.settings, key, socket=self._free_socket())
        content = json.dumps(config).encode()
        status, message = ask(self.settings.state, "POST", "/load", content)
        if status != HTTPStatus.OK:
            raise PermanentError(
                f"The balancer rejected its new configuration: {message}.",
                remedy="It goes on with its old configuration.",
            )
        write_whole(saved_config(self.settings, Role.ROUTER), content.decode())

    def is_applied(self, digest: str) -> bool:
        """Return True if the router serves that routing with the present settings and code."""
        name = marker(digest, self.settings, self.settings.cookie_key())
        status, _ = ask(self.settings.state, "GET", f"/id/{name}")
        return status == HTTPStatus.OK

    def _free_socket(self) -> str:
        _, listens = ask(self.settings.state, "GET", "/config/apps/http/servers/router/listen")
        return next(socket for socket in ROUTER_SOCKETS if socket not in listens)

    def access(self) -> Access:
        """Return the directory: a socket in it takes the routes, and only its owner can use it."""
        return Access(str(self.settings.state))

    def authority(self) -> str:
        """Return the root certificate of the balancer's own authority; empty if it uses ACME.

        Raise TransientError until the edge has created the authority, at its first start.
        """
        if self.settings.tls.issuer == "acme":
            return ""
        path = self.settings.state / STORAGE / "pki" / "authorities" / AUTHORITY / "root.crt"
        if not path.exists():
            raise TransientError("The balancer has no certificate authority yet.", remedy=START)
        return path.read_text()
