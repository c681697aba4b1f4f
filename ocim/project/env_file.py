"""Settings in a file, and why a file could not be read."""

import io
import re
from pathlib import Path
from typing import ClassVar

import environ

_ASSIGNMENT = re.compile(r"(?:export )?\w+=", re.ASCII)


def read_env_file(path: Path) -> tuple[dict[str, str], list[str]]:
    """What it sets, and what is wrong with it, without any value: those may be secrets."""
    text, fault = read_text(path)
    if fault:
        return {}, [f".env: {fault}"]
    kept, faults = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if _ASSIGNMENT.match(line):
            kept.append(line)
        elif line and not line.startswith("#"):
            faults.append(f".env: line {number} of {path} is not NAME=VALUE.")

    class Reader(environ.Env):  # type: ignore[misc]
        """Of its own: read_env writes to the class, and Env's is this process's environment."""

        ENVIRON: ClassVar[dict[str, str]] = {}

    Reader.read_env(io.StringIO("\n".join(kept)))
    return Reader.ENVIRON, faults


def read_text(path: Path) -> tuple[str, str]:
    """The text of a file that may be missing, and why it could not be read."""
    try:
        return path.read_text(), ""
    except FileNotFoundError:
        return "", ""
    except UnicodeDecodeError:
        return "", f"{path} is not a text file in UTF-8."
    except OSError as error:
        return "", f"{path} cannot be read: {error.strerror}."
