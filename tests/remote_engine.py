"""The tests' Docker engine as one of another machine: by a real sshd, and from the pool's file."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from demo.engine import Engine
from ocim.adapters.providers.docker.remote import RemoteEngine
from tests.docker_engine import needs_docker
from tests.ssh_server import SshServer, needs_sshd, ssh_server

MACHINE = "box"
needs_elsewhere = [
    *needs_sshd,
    needs_docker,
    pytest.mark.skipif("ELSEWHERE" not in os.environ, reason="ELSEWHERE is not set"),
]
"""Marks of contracts that are run on the engine of another machine, too: on demand."""


@contextmanager
def remote_engine(directory: Path, engine: Engine) -> Iterator[RemoteEngine]:
    """Yield a way to the engine that ends with the block."""
    directory.mkdir(exist_ok=True)
    path = str(Path(shutil.which("docker") or "docker").parent)
    with ssh_server(directory, DOCKER_HOST=engine.address, PATH=f"{path}:/usr/bin:/bin") as server:
        pool = directory / "pool.yml"
        pool.write_text(yaml.safe_dump({"hosts": [entry(server)]}))
        yield RemoteEngine(MACHINE, pool=pool, state=directory / "state")


def entry(server: SshServer) -> dict[str, object]:
    """Return the pool's entry of the machine."""
    return {
        "name": MACHINE,
        "address": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "key_file": str(server.key),
        "known_hosts_file": str(server.known_hosts),
    }
