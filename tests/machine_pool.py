"""A pool of machines that an operator has: containers with real sshd, and a user who may sudo."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ocim.adapters.providers.nspawn.provider import NspawnProvider
from ocim.core.hosts import Host, HostRequest
from tests.nspawn_hosts import nspawn_hosts

USER = "deployer"
ADD_USER = f"""
useradd --create-home --shell /bin/bash {USER}
echo '{USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{USER}
cp -r /root/.ssh /home/{USER}/.ssh && chown -R {USER}: /home/{USER}/.ssh
"""


class MachinePool:
    """Machines called `rack-1`, `rack-2`, …, and the file that describes them."""

    def __init__(self, file: Path, machines: NspawnProvider, hosts: list[Host]) -> None:
        self.file = file
        self.machines = machines
        self.hosts = hosts
        self.off: set[str] = set()
        self.describe(clean_command="rm -f /used; systemctl start cron")

    def describe(self, *, entry: dict[str, Any] | None = None, **pool: Any) -> None:
        """Write the file, with `entry` added to each machine."""
        entries = [
            {
                "name": host.name,
                "address": host.address,
                "user": USER,
                "key_file": host.connection.key_file,
                "host_key": _host_key(host),
                **(entry or {}),
            }
            for host in self.hosts
        ]
        self.file.write_text(yaml.safe_dump({"disk": 1, **pool, "hosts": entries}))

    def as_root(self, machine: str, script: str) -> str:
        """Return the output of a script on a machine."""
        argv = self.machines.command(machine, ["sh", "-c", script])
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def turn_off(self, machine: str) -> None:
        """Take the power from a machine."""
        self.machines.stop(machine)
        self.off.add(machine)

    def turn_on(self) -> None:
        """Give it back to all."""
        for machine in self.off:
            self.machines.reboot(machine)
            self.machines.wait_until_reachable(machine, timeout=60)
        self.off.clear()


@contextmanager
def machine_pool_of(
    directory: Path, *, count: int, shared: Sequence[Path] = ()
) -> Iterator[MachinePool]:
    """Yield a pool of so many machines, which are gone afterwards; all see what is `shared`."""
    with nspawn_hosts(directory / "racks", shared=shared) as machines:
        hosts = []
        for number in range(1, count + 1):
            machines.create(HostRequest(f"rack-{number}"))
            hosts.append(machines.wait_until_reachable(f"rack-{number}", timeout=60))
        pool = MachinePool(directory / "pool.yml", machines, hosts)
        for host in hosts:
            pool.as_root(host.name, ADD_USER)
        yield pool


def _host_key(host: Host) -> str:
    return Path(host.connection.known_hosts_file).read_text().split(" ", 1)[1].strip()
