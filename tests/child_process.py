"""Processes that tests start beside themselves."""

import json
import subprocess
from types import TracebackType
from typing import Any, Self


class ChildProcess:
    """A process that is killed when the block ends."""

    _process: "subprocess.Popen[bytes]"

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the process."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._process = self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, question: Any) -> Any:
        """Write a line of JSON to its standard input, and return the line that it answers."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
