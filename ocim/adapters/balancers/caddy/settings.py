"""Settings of the balancer: addresses, certificates and files."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ocim.adapters.files import write_whole
from ocim.core.secrets import Secret

# Paths relative to Settings.state, the working directory of both processes: an absolute path may be
# longer than a Unix socket's limit of 107 bytes.
ADMIN_SOCKET = "admin.sock"
ROUTER_SOCKETS = ("router-a.sock", "router-b.sock")
STORAGE = "certificates"
AUTHORITY = "local"
ACCESS_LOG = "log/access.log"


@dataclass(frozen=True, slots=True)
class Tls:
    """The issuer of certificates: an authority of the balancer's own, or an ACME server."""

    issuer: Literal["internal", "acme"] = "internal"
    directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    email: str = ""
    """Address of the ACME account; it receives warnings about certificates."""
    trusted_roots: Path | None = None
    """PEM file with more authorities to check the ACME server's own certificate with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings that change only with a restart of both processes."""

    state: Path
    """The balancer's own directory: it outlives restarts, and only its owner can read it."""
    bind: tuple[str, ...] = ("127.0.0.1",)
    """Addresses to listen on; an empty tuple means all addresses of the machine."""
    https_port: int = 8443
    http_port: int = 8080
    tls: Tls = field(default_factory=Tls)
    access_log: bool = True
    health_interval: float = 10.0
    """Seconds between two active health checks of an upstream."""
    drain: float = 1.0
    """Seconds that an old configuration still takes requests, until the edge uses the new one."""

    def prepare(self) -> None:
        """Create the directory unless it exists, and make it private."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)

    def cookie_key(self) -> Secret:
        """Return the key that signs the cookies which keep a visitor on one app server.

        Create it once.
        """
        path = self.state / "cookie.key"
        if not path.exists():
            self.prepare()
            write_whole(path, secrets.token_urlsafe(32))
        return Secret(path.read_text())
