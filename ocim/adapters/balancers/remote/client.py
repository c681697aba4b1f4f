"""The balancer port, implemented with requests to `ocim balancer run control` elsewhere."""

import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from ocim.adapters.balancers.remote.messages import read_error, write_routing
from ocim.adapters.balancers.remote.tls import TlsFiles
from ocim.core.balancers import Access
from ocim.core.errors import OcimError, PermanentError, TransientError
from ocim.core.routing import Routing, check_routing

PORT = 8444
"""Port of a URL without one."""
START = "Run `ocim balancer run control` there, and let this machine reach its port."
_SECONDS = httpx.Timeout(30.0, connect=5.0)
"""Time limits of a request."""


class RemoteBalancer:
    """The balancer on another machine; its processes run there, and it keeps its routes there."""

    kind = "caddy"

    def __init__(self, url: str, files: TlsFiles) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or PORT
        self._netloc = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"https://{self._netloc}:{self._port}"
        self._files = files

    def apply(self, routing: Routing) -> None:
        """Send the whole routing; the other machine refuses it if it has a newer one."""
        check_routing(routing)
        self._ask("PUT", "/routing", write_routing(routing))

    def is_applied(self, digest: str) -> bool:
        """Return True if the balancer serves the routing with that digest now."""
        return self._ask("GET", f"/routing/{digest or '-'}") == b"true"

    def authority(self) -> str:
        """Return the root certificate of the balancer's own authority; empty if it uses ACME."""
        return self._ask("GET", "/authority").decode()

    def access(self) -> Access:
        """Return the certificates of both sides, and whether one without is refused."""
        own = self._files.expires()
        theirs = self._expires_there()
        return Access(
            self.url,
            (("the manager's certificate", own), ("the balancer's certificate", theirs)),
            admits_strangers=self._admits_strangers(),
        )

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        context = self._files.for_client()
        try:
            with httpx.Client(verify=context, timeout=_SECONDS, trust_env=False) as client:
                answer = client.request(method, self.url + path, content=body)
        except httpx.TransportError as error:
            raise self._failure(error) from error
        if answer.status_code != httpx.codes.OK:
            raise read_error(answer.status_code, answer.content)
        return answer.content

    def _failure(self, error: Exception) -> OcimError:
        text = (str(error) or type(error).__name__).rstrip(".")
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return PermanentError(
                f"The balancer's certificate at {self.url} is not trusted: {text}.",
                remedy="Compare OCIM_BALANCER_AUTHORITY and the name in OCIM_BALANCER_URL with it.",
            )
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | ConnectionRefusedError):
            return TransientError(
                f"The balancer is not running: no answer at {self.url}: {text}.", remedy=START
            )
        return TransientError(
            f"The balancer at {self.url} closed the connection: {text}.",
            remedy="It does so to certificates that OCIM_BALANCER_AUTHORITY there has not signed,"
            " and to expired ones, and when it is stopped.",
        )

    def _connect(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        plain = socket.create_connection((self._host, self._port), timeout=_SECONDS.connect)
        try:
            return context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise

    def _expires_there(self) -> datetime:
        try:
            with self._connect(self._files.for_client()) as connection:
                certificate = connection.getpeercert() or {}
        except OSError as error:
            raise self._failure(error) from error
        seconds = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        return datetime.fromtimestamp(seconds, UTC)

    def _admits_strangers(self) -> bool:
        """Return True if a client without a certificate gets an answer."""
        try:
            with self._connect(self._files.for_client(with_certificate=False)) as connection:
                connection.sendall(b"GET /authority HTTP/1.0\r\n\r\n")
                return bool(connection.recv(1))
        except OSError:
            return False
