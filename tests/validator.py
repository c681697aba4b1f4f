"""Validation of HTML by html-validate, in one process of Node for many pages."""

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

NODE = Path(__file__).parent / "node"
"""Directory of the JavaScript packages that tests use; `bin/test-packages` installs them."""
AXE = NODE / "node_modules/axe-core/axe.min.js"
MISSING = "" if shutil.which("node") and AXE.exists() else "node packages: run bin/test-packages"
"""Reason to skip tests that need the packages; empty where they are installed."""


class Validator:
    """A process of html-validate, until the block ends."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["node", "validate.js"], cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._valid: set[str] = set()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def faults(self, html: str) -> list[str]:
        """Return what is wrong with a page, or with a part of one."""
        if html in self._valid:
            return []
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(html).encode() + b"\n")
        self._process.stdin.flush()
        faults: list[str] = json.loads(self._process.stdout.readline())
        if not faults:
            self._valid.add(html)
        return faults
