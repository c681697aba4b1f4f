"""Passwords of shared servers' users: they are never options, which other users could see."""

import getpass
import os
import sys

from ocim.core.errors import Conflict
from ocim.core.secrets import Secret


def read_password(variable: str) -> Secret:
    """Read a password from the environment variable, else the terminal or standard input.

    Raise Conflict if there is none.
    """
    if text := os.environ.get(variable):
        return Secret(text)
    text = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise Conflict(
            "The password is missing.", remedy=f"Set {variable}, or pass it on standard input."
        )
    return Secret(text)
