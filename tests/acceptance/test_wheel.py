"""A wheel has all that a checkout has; `tests/docs` installs it, and types the pages' commands."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.installation import REPOSITORY

pytestmark = pytest.mark.xdist_group("docs")


def test_a_wheel_has_every_file_that_a_checkout_has(wheel: Path) -> None:
    files = subprocess.run(
        ["git", "ls-files", "ocim", "playbooks", "rehearsal", "requirements"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    wanted = {name if name.startswith("ocim/") else f"ocim/bundled/{name}" for name in files}
    has = set(zipfile.ZipFile(wheel).namelist())

    # What a wheel leaves out, a build of images need not leave out again.
    left_out = ("rehearsal/tests/", ".dockerignore")
    missing = {name for name in wanted - has if not any(part in name for part in left_out)}
    assert not missing
    assert not [name for name in has if name.endswith(".pyc")]
