"""The provider of the operator's machines."""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ocim.adapters.authorities import ENVIRONMENT
from ocim.adapters.providers import ssh_client
from ocim.adapters.providers.directories import check_name
from ocim.adapters.providers.names import names_script
from ocim.adapters.providers.ssh.cleaning import clean
from ocim.adapters.providers.ssh.examination import faults_of
from ocim.adapters.providers.ssh.keys import known_hosts_file
from ocim.adapters.providers.ssh.pool import Machine, Pool, read_pool
from ocim.adapters.providers.ssh.visits import as_root, end_visits
from ocim.core import stopping
from ocim.core.errors import (
    HostUnreachable,
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran
from ocim.ports.lent_machines import LentMachine, LentMachines
from ocim.ports.providers import Session

REBOOT_SECONDS = 600.0
STOP = "systemctl stop 'supervisor*' 'nginx*' 'cron*'"
NOT_IN_FILE = "it was not cleaned, as it is no longer in the pool's file"
BOOT_ID = "/proc/sys/kernel/random/boot_id"

logger = logging.getLogger(__name__)


class SshProvider:
    """A provider that lends the machines of the pool; `lent` records which host has which.

    Any number of processes on any number of machines may use the same record at once. The pool's
    file is read again each time. `state` is a directory of this machine's own for files that ssh
    needs; they are made again where they are missing. `engine`: machine of the file that is lent to
    nobody, as containers of several app servers run there.
    """

    kind = "ssh"
    images = None
    is_shared = True

    def __init__(self, state: Path, *, pool: Path, lent: LentMachines, engine: str = "") -> None:
        self._state = state.resolve()
        self._pool = pool
        self._engine = engine
        self.lent = lent

    def isolation(self) -> Isolation:
        """Return that each host is a machine of its own."""
        return Isolation("machine", "Each host is a machine of its own.")

    def check_flavor(self, flavor: str) -> None:
        """Raise ValidationError unless a machine of the pool has the flavor, or it is empty."""
        if not flavor:
            return
        hosts = [machine for machine in self._read().hosts if machine.name != self._engine]
        flavors = {machine.flavor for machine in hosts if machine.flavor}
        if flavor not in flavors:
            offered = ", ".join(sorted(flavors)) or "none"
            raise ValidationError(
                [f"flavor: no host of the pool is {flavor!r}; its flavors: {offered}."]
            )

    def create(self, request: HostRequest) -> Host:
        """Take a free machine that fits, and install the fleet's names and authorities on it.

        If the host exists, end what an interrupted attempt, perhaps of another machine of the
        manager, still runs on it. Raise PermanentError with a reason for each machine if none can
        be used.
        """
        check_name(request.name)
        if host := self.find(request.name):
            end_visits(host)
            return host
        script = names_script(request.names, request.authorities)
        pool = self._read()
        self._give_back(request.name, pool)  # an earlier attempt may have taken one
        machine = self._take(request, pool)
        as_root(self._host(request.name, machine), script)
        if not self.lent.describe(machine.name, request.name, asdict(machine)):
            raise HostUnreachable(f"Machine {machine.name} was taken from host {request.name}.")
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return the host once ssh runs commands; raise HostUnreachable if it was stopped."""
        self._existing(name)
        if any(machine.is_stopped for machine in self.lent.of_host(name)):
            raise HostUnreachable(
                f"Host {name} did not come up within {timeout:g} s: it was stopped.",
                remedy="Reboot it.",
            )
        return ssh_client.wait(lambda: self._existing(name), timeout=timeout)

    def find(self, name: str) -> Host | None:
        """Return the host, running or not; None if no machine is taken under that name."""
        machines = map(_recorded, self.lent.of_host(name))
        return next((self._host(name, machine) for machine in machines if machine), None)

    def list(self) -> Sequence[str]:
        """Return the names under which machines are taken."""
        return sorted({lent.host for lent in self.lent.all() if lent.host and _recorded(lent)})

    def reboot(self, name: str) -> None:
        """Reboot the machine; raise HostUnreachable if it is not back after ten minutes."""
        host = self._existing(name)
        before = _boot_id(host)
        deadline = time.monotonic() + REBOOT_SECONDS
        with suppress(HostUnreachable):  # it may go down before it answers
            as_root(host, "systemctl reboot")
        self.lent.set_stopped(name, False)
        while True:
            ssh_client.wait(
                lambda: self._existing(name), timeout=max(0.0, deadline - time.monotonic())
            )
            with suppress(TransientError):  # it may be going down
                if _boot_id(host) != before:
                    return
            if time.monotonic() > deadline:
                raise HostUnreachable(f"Host {name} does not reboot: it is still up.")
            stopping.wait(0.2)

    def stop(self, name: str) -> None:
        """Stop the services but not the machine: Ocim could not turn it on again."""
        host = self.find(name)
        if host and not any(machine.is_stopped for machine in self.lent.of_host(name)):
            as_root(host, STOP)
            self.lent.set_stopped(name, True)

    def destroy(self, name: str) -> None:
        """Clean the machine and release it; keep it out of the pool if cleaning fails."""
        self._give_back(name, self._read())

    def leftovers(self) -> Sequence[Leftover]:
        """Return the machines of hosts that are not complete."""
        hosts = {lent.host for lent in self.lent.all() if lent.host and not _recorded(lent)}
        return [Leftover("a machine of the pool", host) for host in sorted(hosts)]

    def clear(self, leftover: Leftover) -> None:
        """Clean the machine and release it, unless the host exists again."""
        if self.find(leftover.host) is None:
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """Return the ssh command that runs `argv` as the pool's user, on a terminal if possible."""
        return ssh_client.ssh(self._existing(name), argv)

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Run the command by ssh as the pool's user."""
        return ssh_client.run(self._existing(name), argv, stdin=stdin, timeout=timeout)

    def open_session(self, name: str, argv: Sequence[str]) -> Session:
        """Start the command by ssh as the pool's user."""
        return ssh_client.open_session(self._existing(name), argv)

    def _take(self, request: HostRequest, pool: Pool) -> Machine:
        """Claim the first machine that is free and fits."""
        refusals = []
        for machine in pool.hosts:
            if machine.name == self._engine:
                refusals.append(f"{machine.name}: is the machine of the Docker engine")
            elif request.flavor not in ("", machine.flavor):
                refusals.append(f"{machine.name}: is of flavor {machine.flavor or '(none)'}")
            elif not self.lent.take(machine.name, request.name):
                refusals.append(f"{machine.name}: {self._refusal(machine.name)}")
            elif faults := faults_of(self._host(request.name, machine), pool):
                self.lent.release(machine.name, request.name)
                refusals.append(f"{machine.name}: {'; '.join(faults)}")
            else:
                return machine
        raise PermanentError(
            "\n".join(["No host of the pool can be used.", *(f"{line}." for line in refusals)]),
            remedy=f"Terminate app servers, repair a host, or add one to {self._pool}. `ocim host"
            " readmit NAME` lets Ocim use a host again that is kept out.",
        )

    def _refusal(self, name: str) -> str:
        """Return why a machine was not lent."""
        for lent in self.lent.all():
            if lent.name == name:
                kept_out = f"is kept out: {lent.kept_out}"
                return kept_out if lent.kept_out else f"is taken by {lent.host}"
        return "was taken a moment ago"

    def _give_back(self, name: str, pool: Pool) -> None:
        """Clean the machines that are taken under the name, and release them."""
        in_file = {machine.name: machine for machine in pool.hosts}
        for lent in self.lent.of_host(name):
            machine = _recorded(lent) or in_file.get(lent.name)
            token = self.lent.begin_cleaning(lent.name, name)
            if not token:
                continue  # another process has released it meanwhile
            fault = self._fault_of_cleaning(name, machine, pool) if machine else NOT_IN_FILE
            if fault:
                logger.warning("%s is kept out of the pool: %s", lent.name, fault)
            self.lent.end_cleaning(lent.name, token, fault)

    def _fault_of_cleaning(self, name: str, machine: Machine, pool: Pool) -> str:
        """Clean a machine; return why that failed, or an empty text."""
        host = self._host(name, machine)
        try:
            end_visits(host)
            clean(host, pool)
        except OcimError as error:
            return f"cleaning it failed: {error}"
        return ""

    def _read(self) -> Pool:
        return read_pool(self._pool, engine=self._engine)

    def _host(self, name: str, machine: Machine) -> Host:
        connection = Connection(
            kind="ssh",
            user=machine.user,
            port=machine.port,
            key_file=machine.key_file,
            known_hosts_file=known_hosts_file(machine, self._state),
            environment=ENVIRONMENT,
        )
        return Host(name=name, provider=self.kind, address=machine.address, connection=connection)

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no ssh host {name}.")


def _recorded(lent: LentMachine) -> Machine | None:
    """Return the machine as it was when its host was complete; None before that."""
    return Machine(**lent.description) if lent.description else None


def _boot_id(host: Host) -> str:
    return ssh_client.run(host, ["cat", BOOT_ID]).output.strip()
