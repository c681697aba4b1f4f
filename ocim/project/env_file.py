"""Reading of settings from a file `.env`."""

import io
import re
from pathlib import Path
from typing import ClassVar

import environ

_ASSIGNMENT = re.compile(r"(?:export )?\w+=", re.ASCII)


def read_env_file(path: Path) -> tuple[dict[str, str], list[str]]:
    """Return settings and faults of the file; faults quote no values, which may be secrets."""
    text, fault = read_text(path)
    if fault:
        return {}, [f".env: {fault}"]
    assignments, faults = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if _ASSIGNMENT.match(line):
            assignments.append(line)
        elif line and not line.startswith("#"):
            faults.append(f".env: line {number} of {path} is not of the form NAME=VALUE.")

    class Reader(environ.Env):  # type: ignore[misc]
        """Subclass with its own ENVIRON: `read_env` writes to it, and Env's is `os.environ`."""

        ENVIRON: ClassVar[dict[str, str]] = {}

    Reader.read_env(io.StringIO("\n".join(assignments)))
    return Reader.ENVIRON, faults


def read_text(path: Path) -> tuple[str, str]:
    """Return the text of a file that may be missing, and a fault if it cannot be read."""
    try:
        return path.read_text(), ""
    except FileNotFoundError:
        return "", ""
    except UnicodeDecodeError:
        return "", f"{path} is not a text file in UTF-8."
    except OSError as error:
        return "", f"cannot read {path}: {error.strerror}."
