"""Commands as an operator starts them: real processes, in a directory of their own."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OCIM = str(Path(sys.executable).with_name("ocim"))
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""A plain shell's: nothing of Ocim's environment is on it."""
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def environment(var: Path, **settings: str) -> dict[str, str]:
    """Return the environment that a process needs, without this process's settings."""
    return {
        "PATH": PATH,
        "HOME": str(var),
        "OCIM_VAR": str(var),
        "OCIM_MASTER_KEY": KEY,
        "DJANGO_SETTINGS_MODULE": "ocim.project.settings",
        **settings,
    }


def manage(var: Path, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `python manage.py …` to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment(var, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def migrate(var: Path) -> None:
    """Make an installation's database: a copy of one that this process has made once."""
    shutil.copy(_migrated() / "ocim.sqlite3", var)


@cache
def _migrated() -> Path:
    var = Path(os.environ["OCIM_VAR"], "migrated")
    var.mkdir(mode=0o700)
    ran = manage(var, "migrate")
    assert ran.returncode == 0, ran.stderr
    return var
