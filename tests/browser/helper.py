"""A process that writes to an installation's database, as a worker does."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.child_process import ChildProcess

ROOT = Path(__file__).parent.parent.parent


class Helper(ChildProcess):
    """The process of `tests.browser.deeds` with these settings, until the block ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.browser"],
            env=self._environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, deed: str, *arguments: object) -> Any:
        """Do it, and return what it returns."""
        return self.ask([deed, *arguments])
