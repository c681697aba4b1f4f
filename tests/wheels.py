"""The wheel of this checkout, and other wheels of the same code."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import uv

from tests.acceptance.installation import REPOSITORY

CODE = (
    "setup.py",
    "MANIFEST.in",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "requirements",
    "ocim",
    "playbooks",
    "rehearsal",
)
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*")


def build_wheel(source: Path, target: Path) -> Path:
    """Return a wheel that is built through an sdist, from a copy: setuptools leaves files there."""
    for name in CODE:
        path = REPOSITORY / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=NOT_COPIED)
        else:
            shutil.copy(path, source)
    run_uv("build", "--no-build-isolation", "--python", sys.executable, "-o", target, source)
    (built,) = target.glob("*.whl")
    return built


def other_wheel(wheel: Path, target: Path) -> Path:
    """Return a wheel that installs the same, and counts as another version."""
    other = Path(shutil.copy(wheel, target))
    with zipfile.ZipFile(other, "a") as archive:
        archive.comment = b"another version"
    return other


def run_uv(*words: str | Path) -> None:
    subprocess.run([uv.find_uv_bin(), "--quiet", *words], cwd="/", check=True)
