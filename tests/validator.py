"""Validation of HTML by html-validate, in one process of Node for many pages."""

import shutil
import subprocess
from pathlib import Path

from tests.child_process import ChildProcess

NODE = Path(__file__).parent / "node"
"""Directory of the JavaScript packages that tests use; `bin/test-packages` installs them."""
AXE = NODE / "node_modules/axe-core/axe.min.js"
MISSING = "" if shutil.which("node") and AXE.exists() else "node packages: run bin/test-packages"
"""Reason to skip tests that need the packages; empty where they are installed."""


class Validator(ChildProcess):
    """A process of html-validate, until the block ends."""

    def __init__(self) -> None:
        self._valid: set[str] = set()

    def start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["node", "validate.js"], cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def faults(self, html: str) -> list[str]:
        """Return what is wrong with a page, or with a part of one."""
        if html in self._valid:
            return []
        faults: list[str] = self.ask(html)
        if not faults:
            self._valid.add(html)
        return faults
