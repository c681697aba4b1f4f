"""The process of one run: `python -m ocim.adapters.provisioners.ansible.child DIRECTORY`.

It tells what happens on a socket, one JSON object a line, the outcome last; and its exit status
says the same. It runs in the sandbox, and nothing that it tells is more than a text to the manager;
`ansible_keeper` ends it.

Where the border is: what a task prints or returns, and any process of a task, can neither write to
the socket nor change the exit status of ansible-playbook, which the outcome is taken from. But the
plugins of a configuration repository run inside of ansible-playbook itself, and on a local host a
task may trace or kill it where the kernel lets it: a repository can say of its own playbook that it
succeeded. Whether an app server works is therefore never taken from here: Ocim's own health check
finds it out.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible_runner

from ocim.adapters.provisioners.ansible.events import Story
from ocim.adapters.provisioners.ansible.run_directory import EVENTS

LONGEST = 1_000_000
"""Characters of one text that are told: the manager shows fewer, once secrets are out of it."""


def main(directory: Path) -> int:
    # Inherited by no process that is started from here; nor may anything else get into it.
    to_manager = int(os.environ.pop(EVENTS))
    os.set_inheritable(to_manager, False)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    call = json.loads((directory / "call.json").read_text())
    story = Story()
    events = os.fdopen(to_manager, "w", encoding="utf-8", errors="replace")

    def tell(line: Mapping[str, Any]) -> None:
        events.write(json.dumps(_cut(line), ensure_ascii=False) + "\n")
        events.flush()

    def on_event(event: Mapping[str, Any]) -> bool:
        for line in story.lines(event):
            tell(line)
        return False  # not into a file as well

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
    tell({"outcome": story.outcome(ok=is_ok)})
    return 0 if is_ok else 1


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, Mapping):
        return {name: _cut(one) for name, one in value.items()}
    return value


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
