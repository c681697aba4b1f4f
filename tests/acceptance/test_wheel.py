"""A wheel in an environment of its own, away from the checkout, does all that a checkout does."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.acceptance.installation import REPOSITORY, Installation, installed
from tests.acceptance.spine import served
from tests.acceptance.traffic import Visitor
from tests.wheels import build_wheel, run_uv

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("wheel")]


class OfWheel(Installation):
    """An installation by the commands of the environment that has the wheel."""

    shares_images = False
    """False, since images are built from the files of the wheel."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.program = str(directory.parent / "venv/bin/ocim")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("wheel")
    python = directory / "venv/bin/python"
    run_uv("venv", "--python", sys.executable, directory / "venv")
    locked = REPOSITORY / "requirements/ocim.txt"
    run_uv("pip", "sync", "--python", python, "--require-hashes", locked)
    run_uv("pip", "install", "--python", python, "--no-deps", wheel)
    with installed(directory / "empty", OfWheel) as running:
        yield running


def test_a_wheel_has_every_file_that_a_checkout_has(wheel: Path) -> None:
    files = subprocess.run(
        ["git", "ls-files", "ocim", "playbooks", "rehearsal"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    wanted = {name if name.startswith("ocim/") else f"ocim/bundled/{name}" for name in files}
    has = set(zipfile.ZipFile(wheel).namelist())

    missing = {name for name in wanted - has if "rehearsal/tests/" not in name}
    assert not missing
    assert not [name for name in has if name.endswith(".pyc")]


def test_an_installed_wheel_brings_an_instance_up(installation: Installation) -> None:
    domain = served(installation, "wheel.localhost")

    assert installation.ocim("--version") == f"ocim {metadata.version('ocim')}\n"
    assert str(REPOSITORY) not in installation.log()
    with Visitor(installation, domain) as visitor:
        assert visitor.get("/").status_code == 200
