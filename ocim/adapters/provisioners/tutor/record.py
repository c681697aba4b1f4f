"""The record of what has been done on a host, so that another attempt does not do it again."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from ocim.adapters.files import write_whole

FILE = "ocim-done.json"


class Record:
    """Digests by name of a step, in a file of the host's directory."""

    def __init__(self, root: Path) -> None:
        self._file = root / FILE
        try:
            self._digests: dict[str, str] = json.loads(self._file.read_text())
        except FileNotFoundError:
            self._digests = {}

    def has(self, step: str, inputs: str | Sequence[str]) -> bool:
        """Return True if the step was done with these inputs."""
        return self._digests.get(step) == _digest(inputs)

    def note(self, step: str, inputs: str | Sequence[str]) -> bool:
        """Record that the step is done with these inputs; return True if that is new."""
        if self.has(step, inputs):
            return False
        self._digests[step] = _digest(inputs)
        write_whole(self._file, json.dumps(self._digests))
        return True


def _digest(inputs: str | Sequence[str]) -> str:
    text = inputs if isinstance(inputs, str) else "\0".join(inputs)
    return hashlib.sha256(text.encode()).hexdigest()
