"""The provider of machines that the operator has."""

import json
import logging
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ocim.adapters.providers import claims, ssh_client
from ocim.adapters.providers.directories import empty, leftovers, locked
from ocim.adapters.providers.machine import ENVIRONMENT, introduction
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

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MACHINE = "machine.json"
"""Which machine the host is, as the pool's file said then; there is no host without it."""
SSH_PORT = 22
STOPPED = "stopped"
REBOOT_SECONDS = 600.0
STOP = "systemctl stop 'supervisor*' 'nginx*' 'cron*'"
BOOT_ID = "/proc/sys/kernel/random/boot_id"

logger = logging.getLogger(__name__)


class SshProvider:
    """Lends out the machines of the pool; `state` says which, to whom.

    Any number of processes may use the same `state` at once. The pool's file is read anew each
    time. `kept-out` in `state` has a file for each machine that must not be used, with the reason.
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
        """How hosts are kept from the manager: they are other machines."""
        return Isolation("machine", "Each host is a machine of its own.")

    def check_flavor(self, flavor: str) -> None:
        """Take the flavors that hosts of the pool have."""
        if not flavor:
            return
        flavors = {machine.flavor for machine in read_pool(self._pool).hosts if machine.flavor}
        if flavor not in flavors:
            there = ", ".join(sorted(flavors)) or "none"
            raise ValidationError(
                [f"flavor: no host of the pool is {flavor!r}; there are: {there}."]
            )

    def create(self, request: HostRequest) -> Host:
        """Take a free machine that is fit; PermanentError says of each why it cannot be had."""
        directory = self._directory(request.name)
        script = introduction(request.names, request.authorities)
        pool = read_pool(self._pool)
        with locked(directory, make=True):
            if not (directory / MACHINE).exists():
                self._give_back(request.name, pool)  # what an earlier attempt had taken
                empty(directory)
                machine = self._take(request, pool)
                as_root(self._host(request.name, machine), script)
                unfinished = directory / f"{MACHINE}.new"
                unfinished.write_text(json.dumps(asdict(machine)))
                unfinished.rename(directory / MACHINE)
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return when sshd runs commands; HostUnreachable where it was stopped."""
        self._existing(name)
        if (self._directory(name) / STOPPED).exists():
            raise HostUnreachable(
                f"Host {name} did not come up within {timeout:g} s: it was stopped.",
                remedy="Reboot it.",
            )
        return ssh_client.wait(lambda: self._existing(name), timeout=timeout)

    def find(self, name: str) -> Host | None:
        """The host, up or not; None where no machine is taken under that name."""
        return next((self._host(name, machine) for machine in self._recorded(name)), None)

    def list(self) -> Sequence[str]:
        """The names under which machines are taken, or were about to be."""
        return sorted(path.name for path in self._hosts.glob("*") if NAME.fullmatch(path.name))

    def reboot(self, name: str) -> None:
        """Reboot the machine; HostUnreachable where it is not back after ten minutes."""
        directory = self._directory(name)
        with locked(directory):
            host = self._existing(name)
            before = _boot_id(host)
            deadline = time.monotonic() + REBOOT_SECONDS
            with suppress(HostUnreachable):  # it was quicker than its answer
                as_root(host, "systemctl reboot")
            (directory / STOPPED).unlink(missing_ok=True)
            while True:
                ssh_client.wait(
                    lambda: self._existing(name), timeout=max(0.0, deadline - time.monotonic())
                )
                with suppress(TransientError):  # it goes down just now
                    if _boot_id(host) != before:
                        return
                if time.monotonic() > deadline:
                    raise HostUnreachable(f"Host {name} does not reboot: it is still up.")
                stopping.wait(0.2)

    def stop(self, name: str) -> None:
        """Stop the services; the machine stays on, as nobody could turn it on again from here."""
        directory = self._directory(name)
        with locked(directory):
            if (host := self.find(name)) and not (directory / STOPPED).exists():
                as_root(host, STOP)
                (directory / STOPPED).touch()

    def destroy(self, name: str) -> None:
        """Clean the machine and give it back; one that cannot be cleaned is kept out."""
        directory = self._directory(name)
        with locked(directory) as exists:
            self._give_back(name, read_pool(self._pool))
            if exists:
                (directory / MACHINE).unlink(missing_ok=True)
                shutil.rmtree(directory)

    def leftovers(self) -> Sequence[Leftover]:
        """Machines that are taken by hosts whose directory is gone."""
        held = claims.holders(self._claims)
        return leftovers(
            lambda name: (self._hosts / name).exists(), {"a machine of the pool": held}
        )

    def clear(self, leftover: Leftover) -> None:
        """Clean the machine, and let others have it."""
        if not self._directory(leftover.host).exists():
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """`argv` as the pool's user, by ssh; on a terminal where there is one here."""
        return ssh_client.ssh(self._existing(name), argv)

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """`argv` as the pool's user, by ssh."""
        return ssh_client.run(self._existing(name), argv, stdin=stdin, timeout=timeout)

    def _take(self, request: HostRequest, pool: Pool) -> Machine:
        """Claim the first machine that is free and fit."""
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
            "\n".join(["No host of the pool can be used.", *(f"{one}." for one in refusals)]),
            remedy=f"Terminate app servers, mend a host, or add one to {self._pool}. A host that is"
            f" kept out is used again once its file in {self._kept_out} is removed.",
        )

    def _give_back(self, name: str, pool: Pool) -> None:
        """Clean what is taken under the name, and let others have it."""
        # The recorded one also where it is no longer in the file.
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
        """The machine that is taken under the name; none where none is."""
        try:
            given = json.loads((self._directory(name) / MACHINE).read_text())
        except FileNotFoundError:
            return ()
        return (Machine(**given),)

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
        """A file with the one key by which the machine is known."""
        file = self._state / "known-hosts" / machine.name
        at = machine.address if machine.port == SSH_PORT else f"[{machine.address}]:{machine.port}"
        line = f"{at} {machine.host_key}\n"
        if not file.exists() or file.read_text() != line:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_text(line)
        return str(file)

    def _directory(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValidationError(
                [f"{name!r} cannot be a host's name."],
                remedy="Use up to 100 letters, digits, dots, dashes and underscores.",
            )
        return self._hosts / name

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no ssh host {name} in {self._hosts}.")


def _boot_id(host: Host) -> str:
    return ssh_client.run(host, ["cat", BOOT_ID]).output.strip()
