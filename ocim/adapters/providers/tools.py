"""Programs of this machine that make hosts: run to their end, and what they say when they fail."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ocim.core.errors import OutsideError, OutsideRefusal

LINES = 20


def run(
    argv: Sequence[str | Path], *, stdin: str = "", cwd: Path | None = None, timeout: float = 60.0
) -> str:
    """Return what it prints; OutsideRefusal with the end of what it says where it fails."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            cwd=cwd,
            timeout=timeout,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise OutsideRefusal(f"{words[0]} is not installed on this machine.") from error
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"`{' '.join(words[:3])}` did not end in {timeout:g} s.") from error
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-LINES:])
        raise OutsideRefusal(f"`{' '.join(words[:3])}` failed: {said or done.returncode}")
    return done.stdout


def missing(packages: Mapping[str, str]) -> list[str]:
    """Which of the programs are not to be had: of `program: package`, the packages."""
    return sorted({package for program, package in packages.items() if not shutil.which(program)})
