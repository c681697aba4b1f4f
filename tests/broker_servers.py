"""RabbitMQ and Redis of a test's own, in private directories on free ports."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from ocim.core.instance import BrokerHost
from ocim.core.secrets import Secret
from tests.acceptance.installation import free_ports
from tests.leftovers import PREFIX

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""The program below Debian's wrapper, which would run it as another user."""
NEEDS_RABBITMQ = pytest.mark.skipif(not RABBITMQ.exists(), reason="rabbitmq-server is missing")
REDIS = shutil.which("redis-server")
NEEDS_REDIS = pytest.mark.skipif(not REDIS, reason="redis-server is missing")
ADMIN, PASSWORD = "ocim", "the admin's 50% password"
_PATIENCE = 120.0


@contextmanager
def rabbitmq_server() -> Iterator[BrokerHost]:
    """Run RabbitMQ with its management; nothing of it is left afterwards."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    port, api, distribution, mapper = free_ports(4)
    (directory / "plugins").write_text("[rabbitmq_management].\n")
    (directory / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {api}\n"
        f"default_user = {ADMIN}\ndefault_pass = {PASSWORD}\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "test@localhost",
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(directory / "data"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_DIST_PORT": str(distribution),
        # Two schedulers are enough, and idle ones must not spin.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
    }
    # In the foreground, so that it ends with the test.
    names = subprocess.Popen(["epmd", "-port", str(mapper)], env=environment)
    with (directory / "out").open("w") as out:
        server = subprocess.Popen(
            [RABBITMQ], env=environment, stdout=out, stderr=out, start_new_session=True
        )
    host = BrokerHost(
        "rabbitmq", "127.0.0.1", port, f"http://127.0.0.1:{api}/", ADMIN, Secret(PASSWORD)
    )
    try:
        _wait(lambda: _manages(host), server, directory)
        yield host
    finally:
        # Without a farewell, which takes six seconds.
        os.killpg(server.pid, signal.SIGKILL)
        names.kill()
        server.wait()
        names.wait()
        shutil.rmtree(directory)


class RedisBroker(AbstractContextManager["RedisBroker"]):
    """A Redis with accounts, which keeps messages when it is killed; nothing of it is left."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        (port,) = free_ports(1)
        self.host = BrokerHost("redis", "127.0.0.1", port, "", ADMIN, Secret(PASSWORD))
        (self._directory / "users.acl").write_text(
            f"user default off\nuser {ADMIN} on #{_sha256(PASSWORD)} ~* &* +@all\n"
        )
        self.start()

    def start(self) -> None:
        """Start it, also after `kill`; return when it answers."""
        options = ["--port", str(self.host.port), "--bind", "127.0.0.1", "--appendonly", "yes"]
        options += ["--dir", str(self._directory), "--aclfile", str(self._directory / "users.acl")]
        with (self._directory / "out").open("w") as out:
            self._server = subprocess.Popen(["redis-server", *options], stdout=out)
        _wait(lambda: _listens(self.host.port), self._server, self._directory)

    def kill(self) -> None:
        """End it, as when the memory of its machine is short."""
        self._server.kill()
        self._server.wait()

    def __exit__(self, *_error: object) -> None:
        self.kill()
        shutil.rmtree(self._directory)


def _manages(host: BrokerHost) -> bool:
    try:
        answer = httpx.get(f"{host.api_url}api/overview", auth=(host.user, PASSWORD))
    except httpx.HTTPError:
        return False
    return answer.is_success


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _wait(ready: Callable[[], bool], server: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        text = (directory / "out").read_text()
        assert server.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
