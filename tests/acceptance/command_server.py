"""Run commands of Ocim in forks of a process that has loaded all of it already.

To start takes a command most of its time, and a test runs many. A fork is like a process of its own
otherwise: arguments, environment, directory, streams and process group are the command's. Started
by `commands.py`; a message is JSON, with the command's three streams.
"""

import gc
import json
import os
import socket
import sys
from importlib import import_module
from typing import Any

import django
from django.core.management import get_commands, load_command_class


def serve(line: socket.socket) -> list[str] | None:
    """Make a fork for each message; return its arguments there, None where no more come."""
    while True:
        text, streams, _, _ = socket.recv_fds(line, 1 << 20, 3)
        if not text:
            return None
        command = json.loads(text)
        child = os.fork()
        if not child:
            line.close()
            return _become(command, streams)
        for stream in streams:
            os.close(stream)
        line.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(command: dict[str, Any], streams: list[int]) -> list[str]:
    os.setsid()
    os.chdir(command["directory"])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    arguments: list[str] = command["arguments"]
    return arguments


def load(environment: dict[str, str]) -> None:
    """Import what commands import, with the settings of an environment."""
    os.environ.clear()
    os.environ.update(environment)
    django.setup()
    from ocim.console.main import APP  # noqa: PLC0415 - once Django is set up

    for name, app in get_commands().items():
        if app == APP:
            load_command_class(app, name)
    for module in ("operations.handlers", "project.urls", "tasks.queues", "wiring.factory"):
        import_module(f"ocim.{module}")
    gc.freeze()  # forks share what no collection touches


if __name__ == "__main__":
    its_line = socket.socket(fileno=int(sys.argv[1]))
    load(json.loads(its_line.recv(1 << 20)))
    its_line.send(b"ready")
    if (words := serve(its_line)) is not None:
        from ocim.project.main import main  # as the script does

        sys.argv = words
        main()
