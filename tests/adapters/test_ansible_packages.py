"""The cache that app servers on this machine install from."""

import hashlib
from pathlib import Path

import pytest
import uv

from ocim.adapters.provisioners.ansible.packages import PYTHON, PackageCaches
from ocim.adapters.sandbox import Sandbox, View
from ocim.core.errors import PermanentError
from tests.adapters.test_ansible_environments import wheel
from tests.adapters.test_ansible_sandbox import needs_sandbox


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """Return a platform that requires a package which lies beside the list."""
    directory = tmp_path / "platform"
    file = directory / wheel(directory)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    (directory / "requirements.txt").write_text(f"{file.resolve()} --hash=sha256:{digest}\n")
    return directory


@needs_sandbox
def test_a_run_installs_from_the_cache_what_it_can_neither_change_nor_download(
    tmp_path: Path, platform: Path
) -> None:
    run, tool = tmp_path / "run", [uv.find_uv_bin(), "--quiet", "--no-config"]
    run.mkdir()
    with PackageCaches(tmp_path / "packages", Sandbox()).packages(platform) as packages:
        assert packages
        view = View((Path(uv.find_uv_bin()), platform), (run,), packages.shown(run), network=False)
        for command in (
            [*tool, "venv", "--python", PYTHON, "venv"],
            [*tool, "pip", "sync", "--offline", "--require-hashes", "--python", "venv/bin/python",
             str(platform / "requirements.txt")],
            ["sh", "-c", "venv/bin/ansible-playbook; ! touch uv/*/forged"],
        ):  # fmt: skip
            done = Sandbox().run(
                command,
                view,
                cwd=run,
                environment={"PATH": "/usr/bin:/bin", "UV_CACHE_DIR": str(run / "uv")},
                timeout=60,
            )
            assert done.status == 0, done.errors
    assert "I stand in" in done.output
    assert not list(packages.cache.rglob("forged"))


@needs_sandbox
def test_the_cache_shares_no_file_with_anything(tmp_path: Path, platform: Path) -> None:
    with PackageCaches(tmp_path / "packages", Sandbox()).packages(platform) as packages:
        assert packages
        files = [path.stat() for path in packages.cache.rglob("*") if path.is_file()]
    assert {file.st_nlink for file in files} == {1}


@needs_sandbox
def test_a_cache_that_was_changed_is_refused(tmp_path: Path, platform: Path) -> None:
    directory_cache = PackageCaches(tmp_path / "packages", Sandbox())
    with directory_cache.packages(platform) as packages:
        assert packages
    (packages.cache / "forged").touch()
    with (
        pytest.raises(PermanentError, match="was changed after"),
        directory_cache.packages(platform),
    ):
        pass


def test_a_platform_that_requires_nothing_has_no_cache(tmp_path: Path) -> None:
    with PackageCaches(tmp_path / "packages", Sandbox()).packages(tmp_path) as packages:
        assert packages is None
