"""Free texts that were kept in plain are encrypted by `ocim migrate`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql_server import postgresql_server
from tests.store.upgrading import PLANTED, URL


def upgraded(var: Path, database_url: str = "") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.upgrading", str(var)],
        env=os.environ
        | {
            "OCIM_VAR": str(var),
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "ocim.project.settings",
        },
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check(found: dict[str, Any]) -> None:
    assert found["before"] > 1000
    assert (found["after"], found["files"], found["undone"]) == (0, [], True)
    assert found["read"] == {
        "extra settings": f"HARMLESS: {PLANTED}",
        "url": URL,
        "ssh url": "ssh://git@example.com/edx-platform",
        "line": PLANTED,
        "preview": {"reason": PLANTED},
        "by host": 1,
    }


def test_an_upgrade_encrypts_what_sqlite_has_and_can_be_undone(tmp_path: Path) -> None:
    check(upgraded(tmp_path))


@pytest.mark.timeout(300)
def test_an_upgrade_encrypts_what_postgresql_has_and_can_be_undone(tmp_path: Path) -> None:
    with postgresql_server() as url:
        check(upgraded(tmp_path, url))
