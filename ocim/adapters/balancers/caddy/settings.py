"""Where the balancer listens, what it signs with, and where its files are."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ocim.core.secrets import Secret

# Names of sockets and directories, relative to Settings.state, which is every Caddy's working
# directory: an absolute path may be longer than the 107 bytes that a socket's address holds.
ADMIN_SOCKET = "admin.sock"
ROUTER_SOCKETS = ("router-a.sock", "router-b.sock")
STORAGE = "certificates"
AUTHORITY = "local"
ACCESS_LOG = "log/access.log"


@dataclass(frozen=True, slots=True)
class Tls:
    """Who signs certificates: an authority of the balancer's own, or an ACME one."""

    issuer: Literal["internal", "acme"] = "internal"
    directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    email: str = ""
    """For the ACME account; it is told of trouble with certificates."""
    trusted_roots: Path | None = None
    """PEM file that the ACME server's own certificate is checked with, besides the system's."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What does not change while the balancer runs; a new value needs a restart of both parts."""

    state: Path
    """A directory of its own; what is in it outlives restarts and is nobody else's to read."""
    bind: tuple[str, ...] = ("127.0.0.1",)
    """Addresses to listen on; none: all of the machine."""
    https_port: int = 8443
    http_port: int = 8080
    tls: Tls = field(default_factory=Tls)
    access_log: bool = True
    health_interval: float = 10.0
    """Seconds between two active checks of an upstream."""
    drain: float = 1.0
    """Seconds that an old configuration still takes requests, while the edge turns to the new."""

    def prepare(self) -> None:
        """Make the directory where it is missing, and close it to others."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)

    def cookie_key(self) -> Secret:
        """Signs the cookies that keep a visitor on one app server; made once."""
        path = self.state / "cookie.key"
        if not path.exists():
            self.prepare()
            write_private(path, secrets.token_urlsafe(32).encode())
        return Secret(path.read_text())


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable for its owner alone."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        new.touch(mode=0o600, exist_ok=False)
        new.write_bytes(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
