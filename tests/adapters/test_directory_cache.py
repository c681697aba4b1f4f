import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ocim.adapters.directory_cache import DAY, DirectoryCache


def make(path: Path) -> None:
    path.mkdir()
    (path / "made").touch()


def age(directory: Path, name: str, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(directory / f"{name}.complete", (then, then))


def test_a_directory_is_made_once(tmp_path: Path) -> None:
    directory_cache = DirectoryCache(tmp_path)
    with (
        directory_cache.item("one", make) as first,
        directory_cache.item("one", Path.mkdir) as second,
    ):
        assert first == second
        assert (second / "made").exists()


def test_what_was_only_half_made_is_made_again(tmp_path: Path) -> None:
    directory_cache = DirectoryCache(tmp_path)

    def fail(path: Path) -> None:
        make(path)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), directory_cache.item("one", fail):
        pass
    assert not directory_cache.holds("one")
    (tmp_path / "one").mkdir()  # as a crash would have left it
    with directory_cache.item("one", make) as path:
        assert (path / "made").exists()


def test_what_is_long_unused_goes_when_something_new_comes(tmp_path: Path) -> None:
    directory_cache = DirectoryCache(tmp_path, keep_days=30)
    for name in ("old", "used"):
        with directory_cache.item(name, make):
            age(tmp_path, name, 31)
    with directory_cache.item("used", make), directory_cache.item("new", make):
        pass
    assert [name for name in ("old", "used", "new") if directory_cache.holds(name)] == [
        "used",
        "new",
    ]
    assert not (tmp_path / "old").exists()


def test_what_a_crash_left_goes_when_something_new_comes(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    with DirectoryCache(tmp_path).item("new", make):
        assert not (tmp_path / "half").exists()


def test_what_is_in_use_is_not_pruned(tmp_path: Path) -> None:
    directory_cache = DirectoryCache(tmp_path)
    with directory_cache.item("old", make):
        age(tmp_path, "old", 1000)
        assert directory_cache.prune() == []
    age(tmp_path, "old", 1000)
    assert directory_cache.prune() == ["old"]


MAKE = """
import sys
from pathlib import Path
from ocim.adapters.directory_cache import DirectoryCache

def make(path):
    path.mkdir()  # fails where another one does the same
    print("made")

with DirectoryCache(Path(sys.argv[1])).item("one", make) as path:
    assert path.is_dir()
"""


def test_one_of_many_processes_makes_it_and_all_have_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert sorted(outputs) == ["", "", "", "made\n"]
