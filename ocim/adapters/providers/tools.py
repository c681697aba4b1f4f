"""Programs of this machine that make hosts: run them, and report their failures."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ocim.adapters.programs import capture
from ocim.core.errors import PermanentError, TransientError
from ocim.core.hosts import Ran

LINES = 20
"""Number of lines that an error quotes from a program's output."""


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str = "",
    cwd: Path | None = None,
    timeout: float = 60.0,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command and return its output; raise PermanentError with its error message if it fails.

    `environment`: variables to add to this process's own.
    """
    words = [str(word) for word in argv]
    result = run_unchecked(words, stdin=stdin, cwd=cwd, timeout=timeout, environment=environment)
    if result.status:
        message = "\n".join((result.errors or result.output).strip().splitlines()[-LINES:])
        raise PermanentError(f"`{' '.join(words[:3])}` failed: {message or result.status}")
    return result.output


def run_unchecked(
    words: Sequence[str],
    *,
    stdin: str = "",
    cwd: Path | None = None,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run a command and return its exit status and output.

    Raise PermanentError if it is not installed, TransientError after `timeout` seconds.
    """
    try:
        return capture(
            words,
            stdin=stdin,
            cwd=cwd,
            timeout=timeout,
            env={**os.environ, **(environment or {})},
        )
    except FileNotFoundError as error:
        raise PermanentError(f"{words[0]} is not installed on this machine.") from error
    except subprocess.TimeoutExpired as error:
        raise TransientError(f"`{' '.join(words[:3])}` did not end in {timeout:g} s.") from error


def mounts_below(directory: Path) -> list[Path]:
    """Return the mount points in the directory, the outermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [Path(_unescaped(line.split()[4])) for line in lines]
    return [point for point in points if point.is_relative_to(directory)]


def _unescaped(text: str) -> str:
    """Decode the octal escapes that the kernel writes for spaces and the like."""
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), text)


def missing_packages(packages: Mapping[str, str]) -> list[str]:
    """Return the packages of the programs that are not installed; `packages` names each one's."""
    return sorted({package for program, package in packages.items() if not shutil.which(program)})
