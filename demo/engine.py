"""A Docker engine in a directory of its own.

It touches neither the machine's own engine nor its firewall.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from ocim.adapters.programs import own

PROGRAMS = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "ip": "iproute2",
}
"""Programs that it needs, and the packages of Debian that have them."""
START_SECONDS = 120.0
BRIDGES = IPv4Network("10.230.0.0/16")
"""Networks of the engines' default bridges, a /24 each: none that nspawn's tests use."""
POOL = IPv4Network("10.232.0.0/16")
"""Networks of what asks for none in particular."""


class EngineError(Exception):
    """The engine did not start, or refused a command."""


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
        """Run the Docker CLI, and return its output. Raise EngineError with what it says."""
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            ["docker", *argv], input=stdin, env=environment, text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise EngineError(f"docker {' '.join(argv)}: {done.stderr.strip()}")
        return done.stdout

    def answers(self) -> bool:
        """Return True if it takes commands."""
        with suppress(EngineError):
            return bool(self.docker("version", "--format", "{{.Server.Version}}").strip())
        return False

    def start(self) -> None:
        """Start it, and wait until it takes commands. Raise EngineError if it does not."""
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
            if process.poll() is not None or time.monotonic() > deadline:
                raise EngineError(f"The engine did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        process.returncode = 0  # it outlives this process, if others use it: do not miss its end

    def empty(self) -> None:
        """Remove its containers, networks and volumes; images stay."""
        if containers := self.docker("ps", "--all", "--quiet").split():
            self.docker("rm", "--force", "--volumes", *containers)
        for kind in ("network", "volume"):
            self.docker(kind, "prune", "--force")

    def stop(self) -> None:
        """Stop it, and its containers, which start with it; no process or interface is left."""
        bridges = [self.bridge]
        with suppress(EngineError):
            networks = self.docker("network", "ls", "--quiet", "--filter=driver=bridge").split()
            bridges += [f"br-{network}" for network in networks]
        self._stop_processes()
        for bridge in bridges:
            subprocess.run(["ip", "link", "delete", bridge], check=False, capture_output=True)
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
            # The machine's own engine may have a containerd, which both use then.
            f"--containerd-namespace={self.bridge}",
            f"--containerd-plugins-namespace={self.bridge}-plugins",
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
