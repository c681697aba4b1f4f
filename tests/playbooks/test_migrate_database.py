"""The module that migrates: what a database with nothing in it begins with."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.playbooks.app_servers import REPOSITORY

MODULE = REPOSITORY / "playbooks/library/migrate_database.py"


@pytest.fixture(scope="module")
def begin() -> Callable[[Path, Path], bool]:
    spec = spec_from_file_location(MODULE.stem, MODULE)
    assert spec
    assert spec.loader
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.begin  # type: ignore[no-any-return]


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """Return a database in write-ahead mode, in a directory that this user cannot write to."""
    directory = tmp_path / "image"
    directory.mkdir()
    with closing(sqlite3.connect(directory / "empty.sqlite3")) as database:
        database.execute("pragma journal_mode=wal")
        database.execute("create table django_migrations (name)")
    directory.chmod(0o555)
    return directory / "empty.sqlite3"


def tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [name for (name,) in database.execute("select name from sqlite_master")]


def test_a_database_with_nothing_in_it_becomes_a_copy(
    tmp_path: Path, migrated: Path, begin: Callable[[Path, Path], bool]
) -> None:
    new = tmp_path / "new.sqlite3"
    with closing(sqlite3.connect(new)) as database:  # as the manager makes it
        database.execute("pragma journal_mode=wal")
    assert begin(new, migrated)
    assert tables(new) == ["django_migrations"]
    assert [path.name for path in migrated.parent.iterdir()] == ["empty.sqlite3"]


def test_a_database_with_something_in_it_is_left_alone(
    tmp_path: Path, migrated: Path, begin: Callable[[Path, Path], bool]
) -> None:
    old = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(old)) as database:
        database.execute("create table courses (name)")
    assert not begin(old, migrated)
    assert tables(old) == ["courses"]


def test_without_anything_to_begin_with_nothing_is_made(
    tmp_path: Path, begin: Callable[[Path, Path], bool]
) -> None:
    assert not begin(tmp_path / "new.sqlite3", tmp_path / "missing.sqlite3")
    assert list(tmp_path.iterdir()) == []
