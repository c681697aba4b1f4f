"""A Docker engine for tests, in a private directory: `python -m tests.docker_engine` starts it.

It touches neither the machine's own engine nor its firewall. Images outlive test runs, as the
environment does; `make clean` removes them.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ocim.adapters.programs import own
from ocim.adapters.providers.tools import missing_packages
from tests.nspawn_hosts import BASES, PROBE

PROGRAMS = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "ip": "iproute2",
}
START_SECONDS = 120.0
BRIDGES = IPv4Network("10.230.0.0/16")
"""Networks of the engines' default bridges, a /24 each: none that nspawn's tests use."""
POOL = IPv4Network("10.232.0.0/16")
"""Networks of what asks for none in particular."""


def why_not() -> str:
    """Return why an engine cannot be started here; empty if it can."""
    if os.geteuid() != 0:
        return "docker: not root"
    if packages := missing_packages(PROGRAMS):
        return f"docker: {', '.join(packages)} not installed"
    # Root of a container may be root without the right to mount, or to make a bridge.
    tried = subprocess.run(["unshare", "--mount", "--net", "sh", "-ec", PROBE], check=False)
    return "docker: this machine's root may not mount or make bridges" if tried.returncode else ""


needs_docker = pytest.mark.skipif(bool(why_not()), reason=why_not())


@dataclass(frozen=True)
class Engine:
    """An engine whose files are below `state`; any number of processes may use it at once."""

    state: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which `docker` and `docker compose` reach it."""
        return {"DOCKER_HOST": self.address, "DOCKER_CONFIG": str(self.state / "config")}

    @property
    def address(self) -> str:
        """Value of DOCKER_HOST."""
        return f"unix://{self._sockets}/docker.sock"

    @property
    def gateway(self) -> str:
        """Address of this machine on the default bridge, and for all containers."""
        return str(self._network[1])

    def docker(self, *argv: str, stdin: str = "") -> str:
        """Run the Docker CLI, and return its output."""
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            ["docker", *argv], input=stdin, env=environment, text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"docker {' '.join(argv)}: {done.stderr}"
        return done.stdout

    def answers(self) -> bool:
        """Return True if it takes commands."""
        with suppress(AssertionError):
            return bool(self.docker("version", "--format", "{{.Server.Version}}").strip())
        return False

    def start(self) -> None:
        """Start it, and wait until it takes commands."""
        self._stop_processes()
        plugins = self.state / "config/cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        (plugins / "docker-compose").unlink(missing_ok=True)
        (plugins / "docker-compose").symlink_to(own("docker-compose"))
        (self.state / "daemon.json").write_text("{}")
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        self._make_bridge()
        log = self.state / "dockerd.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                self._command(), stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True, cwd=self.state, env={"PATH": os.environ["PATH"]},
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            is_up = process.poll() is None and time.monotonic() < deadline
            assert is_up, f"The engine did not start:\n{log.read_text()[-3000:]}"
            time.sleep(0.1)
        process.returncode = 0  # it outlives this process, if others use it: do not miss its end

    def empty(self) -> None:
        """Remove its containers, networks and volumes; images stay."""
        if containers := self.docker("ps", "--all", "--quiet").split():
            self.docker("rm", "--force", "--volumes", *containers)
        for kind in ("network", "volume"):
            self.docker(kind, "prune", "--force")

    def stop(self) -> None:
        """Stop it; nothing of it is left but images."""
        if self.answers():
            self.empty()
        self._stop_processes()
        subprocess.run(["ip", "link", "delete", self.bridge], check=False, capture_output=True)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _command(self) -> list[str]:
        return [
            "dockerd",
            f"--config-file={self.state}/daemon.json",
            f"--data-root={self.state}/data",
            f"--exec-root={self._sockets}",
            f"--pidfile={self.pid_file}",
            f"--host={self.address}",
            f"--bridge={self.bridge}",
            # The firewall is the machine's own: an engine that changes it forbids forwarding.
            *("--iptables=false", "--ip-masq=false", "--ip-forward=false"),
            f"--default-address-pool=base={POOL},size=27",
            "--shutdown-timeout=5",
        ]

    def _make_bridge(self) -> None:
        add = ["ip", "link", "add", self.bridge, "type", "bridge"]
        if subprocess.run(add, check=False, capture_output=True).returncode == 0:
            address = ["address", "add", f"{self.gateway}/24", "dev", self.bridge]
            subprocess.run(["ip", *address], check=True)
            subprocess.run(["ip", "link", "set", self.bridge, "up"], check=True)

    def _stop_processes(self) -> None:
        """End dockerd, which ends its containerd and the containers."""
        with suppress(OSError, ValueError):
            pid = int(self.pid_file.read_text())
            if str(self.state) in Path(f"/proc/{pid}/cmdline").read_text():
                pidfd = os.pidfd_open(pid)
                signal.pidfd_send_signal(pidfd, signal.SIGTERM)
                os.close(pidfd)
                while (stat := Path(f"/proc/{pid}/stat")).exists():
                    if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                        with suppress(ChildProcessError):
                            os.waitpid(pid, 0)
                        break
                    time.sleep(0.05)

    @property
    def _number(self) -> int:
        return int.from_bytes(hashlib.sha256(str(self.state).encode()).digest()[:4], "big")

    @property
    def _sockets(self) -> Path:
        return Path(f"/run/ocim-engine-{self._number:x}")  # the path of a socket must be short

    @property
    def pid_file(self) -> Path:
        """File with the process id of dockerd."""
        return self._sockets / "docker.pid"

    @property
    def bridge(self) -> str:
        """Name of the interface of its default bridge."""
        return f"ocim-e{self._number:x}"

    @property
    def _network(self) -> IPv4Network:
        return list(BRIDGES.subnets(new_prefix=24))[self._number % 256]


@contextmanager
def docker_engine(state: Path = BASES / "docker") -> Iterator[Engine]:
    """Yield the engine: the first process that uses it starts it, and the last one stops it."""
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    engine = Engine(state)
    with (state / "users.lock").open("w") as users:
        with _alone(state):
            if _is_free(users.fileno()) and engine.answers():
                engine.empty()  # whoever used it was killed
            fcntl.flock(users, fcntl.LOCK_SH)
            if not engine.answers():
                engine.start()
        try:
            yield engine
        finally:
            with _alone(state):
                if _is_free(users.fileno()):
                    engine.stop()


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    with (state / "change.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_free(users: int) -> bool:
    """Return True if no other process uses the engine; it may not begin to meanwhile."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    if why_not():
        raise SystemExit(why_not())
    with docker_engine() as engine:
        for name, value in engine.environment.items():
            print(f"export {name}={value}", flush=True)  # noqa: T201 - its output
        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        signal.sigwait(ends)
