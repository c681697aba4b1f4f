"""Commands load only what they use."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.processes import ROOT, environment, manage, migrate

HEAVY = {
    "ansible_runner",
    "apprise",
    "detect_secrets",
    "httpx",
    "huey",
    "jinja2",
    "jwcrypto",
    "ocim.wiring.factory",
    "drf_spectacular",
    "psycopg",
    "redis",
    "rest_framework",
    "rich",
    "uvicorn",
}
PROGRAM = """
import atexit, gc, sys
atexit.register(lambda: sys.stderr.write(f"at its end {gc.isenabled()} {' '.join(sys.modules)}"))
from ocim.project.main import main
main()
"""


def at_end(var: Path, *words: str) -> list[str]:
    """Return whether a command collects garbage at its end, and the modules that it has loaded."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=ROOT,
        env=environment(var),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return ran.stderr.rpartition("at its end ")[2].split()


def loaded(var: Path, *words: str) -> set[str]:
    """Return the names of all modules that a command has loaded at its end."""
    return set(at_end(var, *words)[1:])


@pytest.mark.parametrize("words", [("--help",), ("--version",)], ids=" ".join)
def test_help_and_version_need_no_django(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert not {"django", *HEAVY} & loaded(tmp_path, *words)


def test_lists_load_nothing_heavy(tmp_path: Path) -> None:
    migrate(tmp_path)

    assert not HEAVY & loaded(tmp_path, "instance", "list")
    assert not HEAVY & loaded(tmp_path, "rollout", "list")
    assert "ocim.store.models" in loaded(tmp_path, "rollout", "list")


def test_a_command_collects_garbage_once_it_is_loaded(tmp_path: Path) -> None:
    assert at_end(tmp_path, "instance", "--help")[0] == "True"
    assert at_end(tmp_path, "--version")[0] == "False"  # it ends before anything is loaded


def test_the_version_is_ocims(tmp_path: Path) -> None:
    assert manage(tmp_path, "--version").stdout.startswith("ocim ")
