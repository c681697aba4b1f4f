"""A real balancer on an address of its own, and small app servers behind it."""

import json
import os
import pickle
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from ocim.adapters.balancers.caddy import CaddyBalancer, Role, Settings
from ocim.core.errors import TransientError

STARTER = """
import pickle, sys
from ocim.adapters.balancers.caddy import start
settings, role, how = pickle.loads(bytes.fromhex(sys.argv[1]))
start(settings, role, **how)
"""


def own_address() -> str:
    """Return a loopback address that no other test uses."""
    a, b, c = secrets.randbelow(200) + 20, secrets.randbelow(256), secrets.randbelow(254) + 1
    return f"127.{a}.{b}.{c}"


class Handler(BaseHTTPRequestHandler):
    """Says who answers and what was asked; behaves as `AppServer` was told to."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    app: "AppServer"

    def do_GET(self) -> None:
        app = self.app
        length = int(self.headers.get("Content-Length") or 0)
        size = len(self.rfile.read(length))
        if self.path.startswith("/heartbeat"):
            app.checks.append(dict(self.headers))
            self._say(200 if app.healthy.is_set() else 500, {})
            return
        if self.path.startswith("/break"):
            self.close_connection = True
            return
        if self.path.startswith("/events"):
            self._events()
            return
        if self.headers.get("Upgrade"):
            self._echo()
            return
        if self.path.startswith("/slow"):
            app.begun.set()
            assert app.may_finish.wait(30)
        seen = {"name": app.name, "path": self.path, "method": self.command, "body": size}
        self._say(200, {**seen, "headers": dict(self.headers)})

    do_POST = do_GET  # noqa: N815 - the base's way

    def _say(self, status: int, value: dict[str, object]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _events(self) -> None:
        """Send an event at once, and the next one on demand."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        assert self.app.may_finish.wait(30)
        self.wfile.write(b"data: second\n\n")
        self.close_connection = True

    def _echo(self) -> None:
        self.send_response(101)
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        self.wfile.flush()
        while line := self.rfile.readline():
            self.wfile.write(line)
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that went away."""


@dataclass
class AppServer:
    name: str
    address: str = field(default_factory=own_address)
    port: int = 0
    checks: list[dict[str, str]] = field(default_factory=list)
    healthy: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    may_finish: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.healthy.set()
        self.start()

    @property
    def upstream(self) -> str:
        return f"{self.address}:{self.port}"

    def start(self) -> None:
        handler = type("BoundHandler", (Handler,), {"app": self})
        self.server = Server((self.address, self.port), handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self) -> None:
        """Refuse connections; requests that were accepted are finished."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@contextmanager
def app_servers(*names: str) -> Iterator[list[AppServer]]:
    servers = [AppServer(name) for name in names]
    try:
        yield servers
    finally:
        for server in servers:
            server.may_finish.set()
            server.stop()


@dataclass
class Processes:
    """The two parts of the balancer, started and ended separately or together."""

    settings: Settings
    running: dict[Role, subprocess.Popen[bytes]] = field(default_factory=dict)
    inherited: dict[str, list[int]] = field(default_factory=dict)
    waits: bool = False

    def start(self, *roles: Role) -> None:
        """Return when they answer."""
        for role in roles or Role:
            self.spawn(role)
        for role in roles or Role:
            self.wait_for(role)

    def wait_for(self, role: Role) -> None:
        """Return when it answers."""
        until(partial(self._answers, role), f"{role} does not answer")

    def spawn(self, role: Role) -> None:
        """Start it, and do not wait."""
        how = {"inherited": self.inherited, "waits": self.waits}
        argument = pickle.dumps((self.settings, role, how)).hex()
        with (self.settings.state.parent / f"{role}.log").open("ab") as log:
            self.running[role] = subprocess.Popen(
                [sys.executable, "-c", STARTER, argument],
                stdout=log,
                stderr=log,
                env={**os.environ, "A_SECRET_OF_THE_MANAGER": "plain to see"},
                pass_fds=[number for numbers in self.inherited.values() for number in numbers],
            )

    def _answers(self, role: Role) -> bool:
        assert self.running[role].poll() is None, self.log(role)
        if role is Role.ROUTER:
            try:
                CaddyBalancer(self.settings).is_applied("")
            except TransientError:
                return False
            return True
        with socket.socket() as probe:
            return probe.connect_ex((self.settings.bind[0], self.settings.https_port)) == 0

    def router_log(self) -> str:
        """Return the router's standard error."""
        return self.log(Role.ROUTER)

    def log(self, role: Role) -> str:
        return (self.settings.state.parent / f"{role}.log").read_text()

    def stop(self, *roles: Role, how: signal.Signals = signal.SIGKILL) -> None:
        for role in roles or tuple(self.running):
            process = self.running.pop(role)
            process.send_signal(how)
            process.wait(20)


def until(condition: Callable[[], bool], otherwise: str, timeout: float = 20.0) -> None:
    """Look again until it is so; there is no event to wait for in another process."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


def settings_for(directory: Path, **changes: object) -> Settings:
    """Return settings of a balancer on an address of its own, so that its ports can be fixed."""
    settings = Settings(
        state=directory / "balancer",
        bind=(own_address(),),
        https_port=8443,
        http_port=8080,
        health_interval=0.2,
        drain=0.1,
    )
    return replace(settings, **changes)  # type: ignore[arg-type]


@contextmanager
def processes(settings: Settings) -> Iterator[Processes]:
    both = Processes(settings)
    try:
        both.start()
        yield both
    finally:
        both.stop()


@dataclass
class Browser:
    """A client that asks the balancer's address for public names and trusts only its authority."""

    settings: Settings

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=CaddyBalancer(self.settings).authority())

    def client(self) -> httpx.Client:
        return httpx.Client(verify=self.context(), timeout=30, trust_env=False)

    def ask(
        self,
        client: httpx.Client,
        name: str,
        path: str = "/",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Make a request on this client's connection."""
        return client.request(
            method,
            f"https://{self.settings.bind[0]}:{self.settings.https_port}{path}",
            headers={"Host": f"{name}:{self.settings.https_port}", **(headers or {})},
            extensions={"sni_hostname": name},
            auth=auth,
            content=content,
        )

    def get(self, name: str, path: str = "/", **kwargs: Any) -> httpx.Response:
        """Make a request on a connection of its own."""
        with self.client() as client:
            return self.ask(client, name, path, **kwargs)

    def get_plain(self, name: str, path: str = "/") -> httpx.Response:
        """Make a request over plain HTTP."""
        url = f"http://{self.settings.bind[0]}:{self.settings.http_port}{path}"
        return httpx.get(url, headers={"Host": name}, trust_env=False)

    def connect(self, name: str, *, alpn: str = "http/1.1") -> ssl.SSLSocket:
        """Return a bare TLS connection."""
        context = self.context()
        context.set_alpn_protocols([alpn])
        plain = socket.create_connection((self.settings.bind[0], self.settings.https_port), 30)
        return context.wrap_socket(plain, server_hostname=name)
