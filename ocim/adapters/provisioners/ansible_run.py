"""One run as the manager sees it: lines that arrive, and a process that can be ended."""

import json
import selectors
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ocim.adapters.provisioners.ansible_files import clean_environment
from ocim.adapters.provisioners.ansible_messages import condensed

KEEPER = "ocim.adapters.provisioners.ansible_keeper"


class AnsibleRun:
    """The keeper's process, and the pipe that its child tells on."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path) -> None:
        self._process = process
        self._errors = errors
        self._buffer = b""
        self.ended = False

    def lines(self, *, timeout: float) -> Iterator[dict[str, Any]]:
        """What the run has said within `timeout` seconds; nothing is an answer too."""
        assert self._process.stdout is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout):
                return
        read = self._process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
        self.ended = not read
        *lines, self._buffer = (self._buffer + read).split(b"\n")
        for line in lines:
            yield json.loads(line)

    def last_words(self) -> str:
        """How and why the process ended, where it ended without an outcome."""
        self._process.wait()
        said = condensed(self._errors.read_text(errors="replace"))
        return f"Ansible's process ended unexpectedly ({self._process.returncode}). {said}".strip()


@contextmanager
def ansible_run(directory: Path, command: Sequence[str]) -> Iterator[AnsibleRun]:
    """Start a run with that directory; it does not outlive the block, nor this process."""
    errors = directory / "errors"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", KEEPER, str(directory), *command],
            cwd=directory,
            env=clean_environment(directory),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    with process:
        try:
            yield AnsibleRun(process, errors)
        finally:
            process.kill()
