"""Programs of this machine that make hosts: run to their end, and what they say when they fail."""

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


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str = "",
    cwd: Path | None = None,
    timeout: float = 60.0,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Return what it prints; PermanentError with the end of what it says where it fails.

    `environment`: besides this process's own.
    """
    words = [str(word) for word in argv]
    done = ended(words, stdin=stdin, cwd=cwd, timeout=timeout, environment=environment)
    if done.status:
        said = "\n".join((done.errors or done.output).strip().splitlines()[-LINES:])
        raise PermanentError(f"`{' '.join(words[:3])}` failed: {said or done.status}")
    return done.output


def ended(
    words: Sequence[str],
    *,
    stdin: str = "",
    cwd: Path | None = None,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run it to its end, whatever its exit status; it is killed where its job ends before."""
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
    """What is mounted in the directory, the outermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [Path(_unescaped(line.split()[4])) for line in lines]
    return [point for point in points if point.is_relative_to(directory)]


def _unescaped(text: str) -> str:
    """The kernel writes what would end a word in octal."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), text)


def missing(packages: Mapping[str, str]) -> list[str]:
    """Which of the programs are not to be had: of `program: package`, the packages."""
    return sorted({package for program, package in packages.items() if not shutil.which(program)})
