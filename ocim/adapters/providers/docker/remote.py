"""A Docker engine on another machine, which the operator lists in the pool's file."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from ocim.adapters import programs
from ocim.adapters.docker_projects import engine_environment
from ocim.adapters.files import write_whole
from ocim.adapters.providers import processes
from ocim.adapters.providers.docker.sessions import MARK
from ocim.adapters.providers.ssh.keys import known_hosts_file
from ocim.adapters.providers.ssh.pool import Machine, read_pool

SCHEME = "ssh://"
CONFIGURATION = """\
HostName {address}
Port {port}
User {user}
IdentityFile "{key_file}"
IdentitiesOnly yes
UserKnownHostsFile "{known_hosts_file}"
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
BatchMode yes
LogLevel ERROR
ServerAliveInterval 15
ControlMaster auto
ControlPath ./%C
ControlPersist 30
"""
"""Settings of ssh. All commands share a connection, as compose opens many at once, and servers
refuse more than a few that have not signed in yet. It ends 30 seconds after the last command.
"""
PROGRAM = """#!/bin/sh
cd {directory}
exec env {marks} {ssh} -F config "$@"
"""
"""The program `ssh`. The path of a socket must be short, so it is relative; and who kills what is
marked as a host's or a session's must not end the connection that others use.
"""


@dataclass(frozen=True, slots=True)
class RemoteEngine:
    """The engine of a machine of the pool's file, which is read again each time.

    The Docker CLI reaches it through `ssh`, and finds a program of that name which uses Ocim's
    settings and nobody's else. `state`: directory of this machine for its files, which are made
    again where they are missing.
    """

    name: str
    pool: Path
    state: Path
    is_elsewhere = True

    @property
    def address(self) -> str:
        return f"{SCHEME}{self.name}"

    @property
    def machine(self) -> str:
        return self._machine().address

    def environment(self) -> dict[str, str]:
        environment = engine_environment(self.address)
        return {**environment, "PATH": f"{self._make_ssh()}:{environment['PATH']}"}

    def _machine(self) -> Machine:
        hosts = read_pool(self.pool, engine=self.name).hosts
        return next(machine for machine in hosts if machine.name == self.name)

    def _make_ssh(self) -> Path:
        """Write the program, and return its directory."""
        machine = self._machine()
        directory = (self.state / "ssh" / self.name).absolute()
        text = CONFIGURATION.format(
            address=machine.address,
            port=machine.port,
            user=machine.user,
            key_file=_literal(machine.key_file),
            known_hosts_file=_literal(known_hosts_file(machine, self.state)),
        )
        write_whole(directory / "config", text)
        program = PROGRAM.format(
            directory=shlex.quote(str(directory)),
            marks=f"-u {processes.MARK} -u {MARK}",
            ssh=shlex.quote(programs.of_system("ssh", package="openssh-client")),
        )
        write_whole(directory / "ssh", program, mode=0o700)
        return directory


def _literal(path: str) -> str:
    """Return the path as ssh's settings have it.

    Percent signs begin names of values there, and the program runs in a directory of its own.
    """
    return str(Path(path).absolute()).replace("%", "%%")
