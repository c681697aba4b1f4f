"""`bin/release`, on a scratch repository that has what it needs of this one."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n{entries}## 0.1.0\n\nThe first.\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a repository with one module; its environment is this one's."""
    for name in ("bin", "ocim", "playbooks", "rehearsal", "requirements"):
        (tmp_path / name).mkdir()
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / ".gitignore").write_text(".venv\ndist/\n")
    (tmp_path / "ocim/__init__.py").touch()
    (tmp_path / "playbooks/site.yml").write_text("[]\n")
    (tmp_path / "rehearsal/manage.py").touch()
    for name in ("bin/release", "pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "requirements/ocim.in", tmp_path / "requirements")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG.format(entries="- Something new.\n\n"))
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "config", "user.name", "Somebody")
    _git(tmp_path, "config", "user.email", "somebody@example.com")
    _commit(tmp_path)
    return tmp_path


def _git(clone: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=clone, capture_output=True, text=True, check=True
    ).stdout


def _commit(clone: Path) -> None:
    _git(clone, "add", "--all")
    _git(clone, "commit", "--quiet", "--message", "Change something")


def _release(clone: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [clone / "bin/release", *words], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_release_is_a_commit_a_tag_and_a_wheel(clone: Path) -> None:
    ran = _release(clone, "7.0.0")

    assert ran.returncode == 0, ran.stderr
    assert "git push origin HEAD v7.0.0" in ran.stdout
    assert _git(clone, "log", "-1", "--format=%s %D").startswith("Release 7.0.0 HEAD -> ")
    assert _git(clone, "tag", "--points-at", "HEAD") == "v7.0.0\n"
    assert _git(clone, "status", "--porcelain") == ""
    assert [path.name for path in clone.glob("dist/*.whl")] == ["ocim-7.0.0-py3-none-any.whl"]
    assert 'version = "7.0.0"\n' in (clone / "pyproject.toml").read_text()
    changelog = (clone / "CHANGELOG.md").read_text()
    assert "## [Unreleased]\n\n## [7.0.0] - 2" in changelog
    assert changelog.index("## [7.0.0]") < changelog.index("- Something new.")


def test_no_version_is_refused(clone: Path) -> None:
    assert "VERSION=X.Y.Z" in _release(clone, "v7").stderr


def test_changes_that_are_not_committed_are_refused(clone: Path) -> None:
    (clone / "new.txt").touch()

    assert "not committed" in _release(clone, "7.0.0").stderr
    assert _git(clone, "tag") == ""


def test_a_changelog_without_entries_is_refused(clone: Path) -> None:
    (clone / "CHANGELOG.md").write_text(CHANGELOG.format(entries=""))
    _commit(clone)

    assert "no entry under Unreleased" in _release(clone, "7.0.0").stderr


def test_a_tag_that_exists_is_refused(clone: Path) -> None:
    _git(clone, "tag", "v7.0.0")

    assert "The tag v7.0.0 exists" in _release(clone, "7.0.0").stderr
    assert _git(clone, "log", "-1", "--format=%s") == "Change something\n"
