"""Commands as an operator starts them: real processes, in a directory of their own."""

import subprocess
import sys
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
