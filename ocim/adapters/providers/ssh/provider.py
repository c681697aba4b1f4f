"""The provider of the operator's machines."""

import logging
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ocim.adapters.providers import claims, records, ssh_client
from ocim.adapters.providers.directories import NAME, check_name, empty, leftovers, locked
from ocim.adapters.providers.names import ENVIRONMENT, names_script
from ocim.adapters.providers.ssh.cleaning import as_root, clean
from ocim.adapters.providers.ssh.examination import faults_of
from ocim.adapters.providers.ssh.pool import Machine, Pool, read_pool
from ocim.core import stopping
from ocim.core.errors import (
    HostUnreachable,
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran

MACHINE = "machine.json"
"""Record of the machine, as the pool's file described it; a host exists only with it."""
SSH_PORT = 22
STOPPED = "stopped"
REBOOT_SECONDS = 600.0
STOP = "systemctl stop 'supervisor*' 'nginx*' 'cron*'"
BOOT_ID = "/proc/sys/kernel/random/boot_id"

logger = logging.getLogger(__name__)


class SshProvider:
    """A provider that lends the machines of the pool; `state` records which host has which.

    Any number of processes may use the same `state` at once. The pool's file is read again each
    time. `state` has a directory `kept-out` with a file for each machine that must not be used; the
    file contains the reason.
    """

    kind = "ssh"
    images = None

    def __init__(self, state: Path, *, pool: Path) -> None:
        self._state = state = state.resolve()
        self._pool = pool
        self._hosts = state / "hosts"
        self._claims = state / "claims"
        self._kept_out = state / "kept-out"

    def isolation(self) -> Isolation:
        """Return that each host is a machine of its own."""
        return Isolation("machine", "Each host is a machine of its own.")

    def check_flavor(self, flavor: str) -> None:
        """Raise ValidationError unless a machine of the pool has the flavor, or it is empty."""
        if not flavor:
            return
        flavors = {machine.flavor for machine in read_pool(self._pool).hosts if machine.flavor}
        if flavor not in flavors:
            offered = ", ".join(sorted(flavors)) or "none"
            raise ValidationError(
                [f"flavor: no host of the pool is {flavor!r}; its flavors: {offered}."]
            )

    def create(self, request: HostRequest) -> Host:
        """Take a free machine that fits, and install the fleet's names and authorities on it.

        Raise PermanentError with a reason for each machine if none can be used.
        """
        directory = self._directory(request.name)
        script = names_script(request.names, request.authorities)
        pool = read_pool(self._pool)
        with locked(directory, make=True):
            if not (directory / MACHINE).exists():
                self._give_back(request.name, pool)  # an earlier attempt may have taken one
                empty(directory)
                machine = self._take(request, pool)
                as_root(self._host(request.name, machine), script)
                records.write(directory / MACHINE, asdict(machine))
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return the host once ssh runs commands; raise HostUnreachable if it was stopped."""
        self._existing(name)
        if (self._directory(name) / STOPPED).exists():
            raise HostUnreachable(
                f"Host {name} did not come up within {timeout:g} s: it was stopped.",
                remedy="Reboot it.",
            )
        return ssh_client.wait(lambda: self._existing(name), timeout=timeout)

    def find(self, name: str) -> Host | None:
        """Return the host, running or not; None if no machine is taken under that name."""
        return next((self._host(name, machine) for machine in self._recorded(name)), None)

    def list(self) -> Sequence[str]:
        """Return the names under which machines are taken, or were about to be."""
        return sorted(path.name for path in self._hosts.glob("*") if NAME.fullmatch(path.name))

    def reboot(self, name: str) -> None:
        """Reboot the machine; raise HostUnreachable if it is not back after ten minutes."""
        directory = self._directory(name)
        with locked(directory):
            host = self._existing(name)
            before = _boot_id(host)
            deadline = time.monotonic() + REBOOT_SECONDS
            with suppress(HostUnreachable):  # it may go down before it answers
                as_root(host, "systemctl reboot")
            (directory / STOPPED).unlink(missing_ok=True)
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
        directory = self._directory(name)
        with locked(directory):
            if (host := self.find(name)) and not (directory / STOPPED).exists():
                as_root(host, STOP)
                (directory / STOPPED).touch()

    def destroy(self, name: str) -> None:
        """Clean the machine and release it; keep it out of the pool if cleaning fails."""
        directory = self._directory(name)
        with locked(directory) as exists:
            self._give_back(name, read_pool(self._pool))
            if exists:
                (directory / MACHINE).unlink(missing_ok=True)
                shutil.rmtree(directory)

    def leftovers(self) -> Sequence[Leftover]:
        """Return the machines that are taken by hosts without a directory."""
        held = claims.holders(self._claims)
        return leftovers(
            lambda name: (self._hosts / name).exists(), {"a machine of the pool": held}
        )

    def clear(self, leftover: Leftover) -> None:
        """Clean the machine and release it, unless the host exists again."""
        if not self._directory(leftover.host).exists():
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """Return the ssh command that runs `argv` as the pool's user, on a terminal if possible."""
        return ssh_client.ssh(self._existing(name), argv)

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Run the command by ssh as the pool's user."""
        return ssh_client.run(self._existing(name), argv, stdin=stdin, timeout=timeout)

    def _take(self, request: HostRequest, pool: Pool) -> Machine:
        """Claim the first machine that is free and fits."""
        refusals = []
        for machine in pool.hosts:
            if request.flavor not in ("", machine.flavor):
                refusals.append(f"{machine.name}: is of flavor {machine.flavor or '(none)'}")
            elif (reason := self._kept_out / machine.name).exists():
                refusals.append(f"{machine.name}: is kept out: {reason.read_text().strip()}")
            elif not claims.claim(self._claims, machine.name, request.name):
                holder = claims.holder(self._claims, machine.name)
                refusals.append(f"{machine.name}: is taken by {holder}")
            elif faults := faults_of(self._host(request.name, machine), pool):
                claims.release(self._claims, request.name)
                refusals.append(f"{machine.name}: {'; '.join(faults)}")
            else:
                return machine
        raise PermanentError(
            "\n".join(["No host of the pool can be used.", *(f"{line}." for line in refusals)]),
            remedy=f"Terminate app servers, repair a host, or add one to {self._pool}. To use a"
            f" host again that is kept out, remove its file in {self._kept_out}.",
        )

    def _give_back(self, name: str, pool: Pool) -> None:
        """Clean the machines that are taken under the name, and release them."""
        # The recorded machine may no longer be in the pool's file.
        known = {machine.name: machine for machine in (*pool.hosts, *self._recorded(name))}
        for machine in known.values():
            if claims.holder(self._claims, machine.name) != name:
                continue
            self._kept_out.mkdir(mode=0o700, parents=True, exist_ok=True)
            reason = self._kept_out / machine.name
            reason.write_text("cleaning it was interrupted\n")
            try:
                clean(self._host(name, machine), pool)
            except OcimError as error:
                reason.write_text(f"cleaning it failed: {error}\n")
                logger.warning("%s is kept out of the pool: %s", machine.name, error)
            else:
                reason.unlink()
        claims.release(self._claims, name)

    def _recorded(self, name: str) -> tuple[Machine, ...]:
        """Return the machine that is taken under the name, as a tuple; empty if there is none."""
        fields = records.read(self._directory(name) / MACHINE)
        return (Machine(**fields),) if fields else ()

    def _host(self, name: str, machine: Machine) -> Host:
        connection = Connection(
            kind="ssh",
            user=machine.user,
            port=machine.port,
            key_file=machine.key_file,
            known_hosts_file=machine.known_hosts_file or self._known_hosts(machine),
            environment=ENVIRONMENT,
        )
        return Host(name=name, provider=self.kind, address=machine.address, connection=connection)

    def _known_hosts(self, machine: Machine) -> str:
        """Return the path of a file with the machine's only accepted key."""
        file = self._state / "known-hosts" / machine.name
        is_default = machine.port == SSH_PORT
        address = machine.address if is_default else f"[{machine.address}]:{machine.port}"
        line = f"{address} {machine.host_key}\n"
        if not file.exists() or file.read_text() != line:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_text(line)
        return str(file)

    def _directory(self, name: str) -> Path:
        check_name(name)
        return self._hosts / name

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no ssh host {name} in {self._hosts}.")


def _boot_id(host: Host) -> str:
    return ssh_client.run(host, ["cat", BOOT_ID]).output.strip()
