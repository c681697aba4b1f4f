"""The process of one run: `python -m ocim.adapters.provisioners.ansible.child DIRECTORY`.

It writes events to a socket, one JSON object a line, and the outcome as the last line; its exit
status must agree. It runs in the sandbox, and the manager treats its texts as untrusted. The keeper
ends it.

The limits of trust: neither the output of a task nor the processes of a task can write to the
socket, or change the exit status of ansible-playbook, from which the outcome is derived. But
plugins of a configuration repository run inside of ansible-playbook, and on a local host a task may
trace or kill it if the kernel permits that: a repository can claim that its own playbook succeeded.
Therefore only Ocim's own health check decides whether an app server works.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible_runner

from ocim.adapters.provisioners.ansible.events import EventLog
from ocim.adapters.provisioners.run_directory import EVENTS

LONGEST = 1_000_000
"""Characters of a text that are passed on; the manager cuts it further after masking secrets."""


def main(directory: Path) -> int:
    # No process that is started from here inherits the socket, and no other output goes there.
    """Run ansible-playbook, and return 0 if it succeeded, else 1."""
    to_manager = int(os.environ.pop(EVENTS))
    os.set_inheritable(to_manager, False)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    call = json.loads((directory / "call.json").read_text())
    log = EventLog()
    events = os.fdopen(to_manager, "w", encoding="utf-8", errors="replace")

    def write(line: Mapping[str, Any]) -> None:
        events.write(json.dumps(_cut(line), ensure_ascii=False) + "\n")
        events.flush()

    def on_event(event: Mapping[str, Any]) -> bool:
        for line in log.lines(event):
            write(line)
        return False  # do not write it to a file as well

    runner = ansible_runner.run(
        private_data_dir=str(directory),
        project_dir=call["project"],
        binary=call["binary"],
        cmdline=call["arguments"],
        envvars=call["environment"],
        event_handler=on_event,
        quiet=True,
        settings={"suppress_output_file": True},
    )
    is_ok = runner.rc == 0
    write({"outcome": log.outcome(ok=is_ok)})
    return 0 if is_ok else 1


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, Mapping):
        return {name: _cut(item) for name, item in value.items()}
    return value


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
