"""Small web servers for tests, with and without TLS, in a thread of the test."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOUR = timedelta(hours=1)
Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(
    handler: BaseHTTPRequestHandler, status: int = 200, text: str = "", **headers: str
) -> None:
    """Send a whole response."""
    body = text.encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def web_server(reply: Answer, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve on 127.0.0.1, each GET and POST with `reply`; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply(self)

        do_POST = do_GET  # noqa: N815 - its name decides

        def log_message(self, *_: object) -> None:
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if tls:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


Misbehaviour = Callable[[socket.socket, Event], None]


@contextmanager
def raw_server(talk: Misbehaviour) -> Iterator[int]:
    """Accept on 127.0.0.1 and leave each connection to `talk`, until the event; yield the port."""
    ended = Event()
    threads: list[Thread] = []

    def speak(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the other side has had enough
            talk(connection, ended)

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threads.append(Thread(target=speak, args=(connection,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        accepting = Thread(target=accept)
        accepting.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join()


def saying(text: bytes) -> Misbehaviour:
    """Read what is asked, send the text, and hang up."""

    def talk(connection: socket.socket, _: Event) -> None:
        connection.recv(65536)
        connection.sendall(text)

    return talk


def dripping(start: bytes, drop: bytes = b"x", every: float = 0.02) -> Misbehaviour:
    """Read what is asked, send the start, then a drop every few moments, for ever."""

    def talk(connection: socket.socket, ended: Event) -> None:
        connection.recv(65536)
        connection.sendall(start)
        while not ended.wait(every):
            connection.sendall(drop)

    return talk


def hanging(connection: socket.socket, ended: Event) -> None:
    """Accept, and say nothing."""
    ended.wait()


def resetting(connection: socket.socket, _: Event) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self._certificate = self._sign(self._name, self._key, constraints, critical=True)
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_context(
        self, host_name: str, directory: Path, *, lasts: timedelta = HOUR
    ) -> ssl.SSLContext:
        """Return what a server for `host_name` needs; its files go to `directory`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem_file(host_name, directory, lasts=lasts))
        return context

    def pem_file(self, host_name: str, directory: Path, *, lasts: timedelta = HOUR) -> Path:
        """Return a file in `directory` with a key and a certificate for a name or an IP address.

        The certificate is good for as long as it `lasts` from now on; less than nothing: over.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(
            x509.Name([]), key, _alternative_name(host_name), critical=True, lasts=lasts
        )
        pem_file = directory / f"{host_name}.pem"
        pem_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return pem_file

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        *,
        critical: bool,
        lasts: timedelta = HOUR,
    ) -> x509.Certificate:
        now = datetime.now(tz=UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * HOUR)
            .not_valid_after(now + lasts)
            .add_extension(extension, critical=critical)
            .sign(self._key, hashes.SHA256())
        )


def _alternative_name(host_name: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ip_address(host_name))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(host_name)])
