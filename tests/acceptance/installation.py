"""A whole Ocim on real processes, as `make run` starts it, in a directory of its own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from ocim.processes.supervisor import MARK
from tests.acceptance.commands import CommandServer
from tests.console.processes import OCIM, PATH

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 300.0


class Refused(Exception):
    """A command ended with a status that is not zero; the text is what it said."""


class Installation:
    """Installation that is driven by its commands, as by an operator's scripts.

    They are in a directory of their own, and have none of the environment's programs on PATH.
    """

    up: tuple[str, ...] = ("up", "--no-demo")
    program = OCIM
    shares_images = True
    """Images of local hosts are built once in a run: their names say what they were made from."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.var = directory / "var"
        self.hosts = self.var / "hosts"
        """Has a directory for each."""
        shared = of_whole_run(directory)
        share(self.var / "cache/environments", shared / "environments")
        if self.shares_images:
            share(self.var / "hosts/.images", shared / "images")
        self.https_port, http_port, web_port = free_ports(3)
        self.web_address = f"127.0.0.1:{web_port}"
        ours = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        self.environment = ours | {
            "HOME": str(directory),
            "XDG_CACHE_HOME": str(shared / "cache"),
            "PATH": PATH,
            "DJANGO_SETTINGS_MODULE": "ocim.project.settings",
            "OCIM_VAR": str(self.var),
            "OCIM_HTTPS_PORT": str(self.https_port),
            "OCIM_HTTP_PORT": str(http_port),
            "OCIM_WEB_ADDRESS": self.web_address,
            "OCIM_LEASE": "5",
            "OCIM_DRAIN": "2",
            "OCIM_LOOK_SECONDS": "5",
            "OCIM_URL_REWRITES": "https://github.com/open-craft/configuration=builtin",
        }
        self.said = ""
        """By what started it, until it was up."""
        self._up: subprocess.Popen[str] | None = None
        self._commands: CommandServer | None = None

    def start(self) -> None:
        """Return when it says how to stop it."""
        self._up = subprocess.Popen(
            [self.program, *self.up],
            cwd=self.directory,
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._up.stdout is not None
        self.said = ""
        for line in self._up.stdout:
            self.said += line
            if "Ctrl-C" in line:
                return
        raise AssertionError(f"It did not start: {self.said}\n{self.log()}")

    def stop(self) -> None:
        """Stop it as Ctrl-C does, and return when all processes have ended."""
        if self._up is not None and self._up.poll() is None:
            self._up.send_signal(signal.SIGINT)
            self._up.communicate(timeout=PATIENCE)
        elif self.everything():
            self.ocim("down")

    def kill(self) -> None:
        """Kill `ocim up`, as when the machine's memory is short: it tells nobody."""
        assert self._up is not None
        self._up.kill()
        self._up.communicate(timeout=PATIENCE)

    def log(self) -> str:
        """Return the output of all processes."""
        path = self.var / "log" / "ocim.log"
        return path.read_text() if path.exists() else ""

    def ocim(self, *arguments: str, timeout: float = PATIENCE) -> str:
        """Run a command to its end; Refused where it fails."""
        done = self.run(*arguments, timeout=timeout)
        if done.returncode:
            raise Refused(done.stderr or done.stdout)
        return done.stdout

    def run(self, *arguments: str, timeout: float = PATIENCE) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, if possible in a fork of a process that has loaded Ocim."""
        if self.program != OCIM:
            return subprocess.run(
                [self.program, *arguments],
                cwd=self.directory,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        if not self._commands or self._commands.environment != self.environment:
            self.forget_commands()
            self._commands = CommandServer(self.environment)
        return self._commands.run(
            self.program, *arguments, directory=self.directory, timeout=timeout
        )

    def forget_commands(self) -> None:
        """End the process that forks for commands."""
        if self._commands:
            self._commands.close()
            self._commands = None

    def json(self, *arguments: str) -> Any:
        """Return a command's output as a script reads it."""
        return json.loads(self.ocim(*arguments, "--json"))

    def instance(self, domain: str, **fields: str) -> str:
        """Create one; its domain is how commands name it."""
        words = [f"{name}={value}" for name, value in fields.items()]
        self.ocim("instance", "create", domain, *words)
        return domain

    def appservers(self, domain: str) -> list[dict[str, Any]]:
        """Return all app servers of an instance, the newest first."""
        result: list[dict[str, Any]] = self.json("appserver", "list", domain, "--terminated")
        return result

    def ask(self, query: str, *values: object) -> Any:
        """Return the first value of the first row of a query; None if there is none.

        A command would take half a second of a processor, each time that a loop asks.
        """
        database = sqlite3.connect(f"file:{self.var}/ocim.sqlite3?mode=ro", uri=True)
        with closing(database):
            row = database.execute(query, values).fetchone()
        return row and row[0]

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return guarded processes with all the words in their command lines, and those below."""
        result = {item for item in psutil.process_iter() if self._keeps(item)}
        result |= {below for item in result for below in children(item)}
        lines = [(item, command_line(item)) for item in result]
        return [item for item, line in lines if all(word in line for word in words)]

    def _keeps(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == str(self.var / "run")
        except psutil.Error:
            return False

    def everything(self) -> list[psutil.Process]:
        """Return every process on this machine that works with its directory."""
        return [item for item in psutil.process_iter() if str(self.var) in surroundings(item)]

    def authority(self) -> Path:
        """Return the path of the authority that signed its certificates."""
        return next(self.var.glob("balancer/**/authorities/local/root.crt"))


def command_line(process: psutil.Process) -> str:
    """Return the process's command line; empty if it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def children(process: psutil.Process) -> list[psutil.Process]:
    """Return all processes below it; none if it has just ended."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def surroundings(process: psutil.Process) -> str:
    """Return command line and environment; empty if it has just ended."""
    try:
        return " ".join([*process.cmdline(), *process.environ().values()])
    except psutil.Error:
        return ""


def of_whole_run(directory: Path) -> Path:
    """Return the directory above those of a run's processes, for one that a test was given."""
    of_process = (path for path in directory.parents if path.name.startswith("popen-gw"))
    return next(of_process, directory).parent


def share(path: Path, common: Path) -> None:
    """Let a path lead to a directory that several have, and make both."""
    common.mkdir(mode=0o700, exist_ok=True)
    for private in (path.parent.parent, path.parent):
        private.mkdir(mode=0o700, exist_ok=True)
    path.symlink_to(common)


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


def until(condition: Callable[[], Any], otherwise: str, *, seconds: float = PATIENCE) -> Any:
    """Return what the condition gives, once that is something."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if result := condition():
            return result
        ended = time.monotonic()
        assert ended < deadline, otherwise
        # A condition that runs commands takes the processor from what is waited for.
        time.sleep(max(0.1, ended - began))


@contextmanager
def installed(
    directory: Path, kind: Callable[[Path], Installation] = Installation
) -> Iterator[Installation]:
    """Run an installation; afterwards none of its processes is left."""
    installation = kind(directory)
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()
        installation.forget_commands()
        for process in installation.everything():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                process.kill()


def _is_setting(name: str) -> bool:
    return name.startswith(("OCIM_", "HUEY_", "DATABASE_", "DJANGO_")) or name == "SECRET_KEY"
