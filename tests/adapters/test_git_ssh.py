"""Private repositories behind a real sshd."""

import getpass
import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocim.adapters.provisioners.git_mirror import GitAccess
from ocim.adapters.provisioners.sandbox import Sandbox
from ocim.adapters.provisioners.sources import Sources
from ocim.core.errors import OutsideRefusal
from ocim.core.spec import ConfigurationSource
from tests.adapters.git_support import repository

SSHD = Path("/usr/sbin/sshd")
SHELL = Path(pwd.getpwuid(os.getuid()).pw_shell).name
pytestmark = [
    pytest.mark.skipif(not SSHD.exists(), reason="needs openssh-server"),
    pytest.mark.skipif(SHELL in {"nologin", "false"}, reason="this user may not log in"),
]


@dataclass
class Server:
    source: ConfigurationSource
    key: Path
    known_hosts: Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """It lets in whoever has the key."""
    key, host_key = tmp_path / "key", tmp_path / "host_key"
    for file in (key, host_key):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
        subprocess.run(make, check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        f"HostKey={host_key}", f"AuthorizedKeysFile={key}.pub", "StrictModes=no", "UsePAM=no",
        f"ListenAddress=127.0.0.1:{port}", "PidFile=none", "PasswordAuthentication=no",
    ]  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    known_hosts = tmp_path / "known_hosts"
    public = Path(f"{host_key}.pub").read_text()
    known_hosts.write_text(f"[127.0.0.1]:{port} {public}")
    path = repository(tmp_path / "configuration").directory
    url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{path}"
    log = tmp_path / "log"
    command = [str(SSHD), "-D", "-E", str(log), "-f", os.devnull, *words]
    with subprocess.Popen(command) as process:
        while "Server listening" not in (log.read_text() if log.exists() else ""):
            assert process.poll() is None, log.read_text()
            time.sleep(0.01)
        yield Server(ConfigurationSource(url, "master", "site.yml"), key, known_hosts)
        process.terminate()


def sources(tmp_path: Path, access: GitAccess) -> Sources:
    return Sources(tmp_path, tmp_path / "cache", Sandbox(), access=access)


def test_a_private_repository_is_read_with_the_key(tmp_path: Path, server: Server) -> None:
    access = GitAccess((server.key,), server.known_hosts)
    found = sources(tmp_path, access)
    with found.playbook(found.exact(server.source)) as (playbook, _):
        assert "hello" in playbook.read_text()


def test_a_private_repository_is_refused_without_the_key(tmp_path: Path, server: Server) -> None:
    access = GitAccess((Path(f"{tmp_path}/other"),), server.known_hosts)
    with pytest.raises(OutsideRefusal, match="OCIM_GIT_KEYS"):
        sources(tmp_path, access).exact(server.source)


def test_a_server_that_is_not_known_is_refused(tmp_path: Path, server: Server) -> None:
    access = GitAccess((server.key,), tmp_path / "none")
    with pytest.raises(OutsideRefusal, match="OCIM_GIT_KNOWN_HOSTS"):
        sources(tmp_path, access).exact(server.source)
