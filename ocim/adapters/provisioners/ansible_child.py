"""The process of one run: `python -m ocim.adapters.provisioners.ansible_child DIRECTORY`.

It tells what happens on standard output, one JSON object a line, the outcome last. It runs in the
sandbox, and nothing that it tells is more than a text to the manager; `ansible_keeper` ends it.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible_runner

from ocim.adapters.provisioners.ansible_events import Story


def main(directory: Path) -> None:
    # Nothing else may get into the manager's pipe, whatever ansible-runner prints.
    to_manager = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    call = json.loads((directory / "call.json").read_text())
    story = Story()

    def tell(line: Mapping[str, Any]) -> None:
        to_manager.write(json.dumps(line) + "\n")
        to_manager.flush()

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
    tell({"outcome": story.outcome(ok=runner.rc == 0)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
