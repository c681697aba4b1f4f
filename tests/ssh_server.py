"""A real sshd of a test's own, that lets in whoever runs the tests."""

import getpass
import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

SSHD = Path("/usr/sbin/sshd")
SHELL = Path(pwd.getpwuid(os.getuid()).pw_shell).name
needs_sshd = [
    pytest.mark.skipif(not SSHD.exists(), reason="needs openssh-server"),
    pytest.mark.skipif(SHELL in {"nologin", "false"}, reason="this user may not log in"),
]


@dataclass
class SshServer:
    """An ssh server on this machine's loopback, for whoever has the key."""

    process: "subprocess.Popen[bytes]"
    port: int
    key: Path
    known_hosts: Path
    user: str = getpass.getuser()

    def drop(self) -> None:
        """End it with its connections, and what runs in them, at once."""
        server = psutil.Process(self.process.pid)
        started = [server, *server.children(recursive=True)]
        for process in started:
            process.kill()
        psutil.wait_procs(started, timeout=60)


@contextmanager
def ssh_server(directory: Path, **environment: str) -> Iterator[SshServer]:
    """Yield one that listens; it is gone afterwards. `environment`: variables of its commands."""
    key, host_key = directory / "key", directory / "host_key"
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
    if environment:
        options.append("SetEnv=" + " ".join(f"{name}={environment[name]}" for name in environment))
    words = [word for option in options for word in ("-o", option)]
    known_hosts = directory / "known_hosts"
    public = Path(f"{host_key}.pub").read_text()
    known_hosts.write_text(f"[127.0.0.1]:{port} {public}")
    log = directory / "sshd.log"
    command = [str(SSHD), "-D", "-E", str(log), "-f", os.devnull, *words]
    with subprocess.Popen(command) as process:
        server = SshServer(process, port, key, known_hosts)
        try:
            while "Server listening" not in (log.read_text() if log.exists() else ""):
                assert process.poll() is None, log.read_text()
                time.sleep(0.01)
            yield server
        finally:
            if process.poll() is None:
                server.drop()
