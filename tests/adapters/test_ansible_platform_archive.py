import os
import tarfile
from pathlib import Path

import pytest

from ocim.adapters.provisioners.ansible.platform_archive import platform_archive


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    platform = tmp_path / "platform"
    (platform / "lms" / "__pycache__").mkdir(parents=True)
    (platform / "lms" / "wsgi.py").write_text("application = None\n")
    (platform / "lms" / "__pycache__" / "wsgi.pyc").write_bytes(b"old")
    (platform / "manage.py").write_text("#!/usr/bin/env python\n")
    (platform / "manage.py").chmod(0o755)
    (tmp_path / "lock.txt").write_text("django==5.2.19\n")
    (platform / "requirements.txt").symlink_to("../lock.txt")
    return platform


def test_the_same_content_gives_the_same_bytes(platform: Path, tmp_path: Path) -> None:
    first = platform_archive(platform, tmp_path / "one")
    os.utime(platform / "manage.py", (0, 0))
    second = platform_archive(platform, tmp_path / "two")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("change", ["content", "mode"])
def test_other_content_gives_another_name(platform: Path, tmp_path: Path, change: str) -> None:
    before = platform_archive(platform, tmp_path)
    if change == "content":
        (platform / "manage.py").write_text("#!/usr/bin/env python3\n")
    else:
        (platform / "manage.py").chmod(0o644)
    assert platform_archive(platform, tmp_path) != before


def test_it_holds_the_files_the_last_of_which_is_named_as_the_archive(
    platform: Path, tmp_path: Path
) -> None:
    archive = platform_archive(platform, tmp_path)
    with tarfile.open(archive) as opened:
        names = opened.getnames()
        assert names == [
            "edx-platform",
            "edx-platform/lms/wsgi.py",
            "edx-platform/manage.py",
            "edx-platform/requirements.txt",
            f"edx-platform/.{archive.name.removesuffix('.tar.gz')}",
        ]
        assert opened.getmember("edx-platform/manage.py").mode == 0o755
        lock = opened.extractfile("edx-platform/requirements.txt")
        assert lock is not None
        assert lock.read() == b"django==5.2.19\n"


@pytest.mark.timeout(20)
def test_what_is_no_file_is_left_out(platform: Path, tmp_path: Path) -> None:
    before = platform_archive(platform, tmp_path)
    os.mkfifo(platform / "pipe")
    (platform / "zero").symlink_to("/dev/zero")
    (platform / "everything").symlink_to("/")
    assert platform_archive(platform, tmp_path) == before
