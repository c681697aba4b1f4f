import sqlite3
from pathlib import Path

import pytest

from tests.configuration import write
from tests.processes import manage

# As the documented walk-through has it, to the letter.
REMEDY = "INSERT into django_migrations (app, name) values('thumbnail', '0001_initial');"


def configuration(directory: Path, release: str) -> Path:
    (directory / release).mkdir()
    return write(
        directory / release,
        database=directory / "edxapp.sqlite3",
        EDX_PLATFORM_VERSION=f"opencraft-release/{release}",
    )


@pytest.fixture
def ironwood(tmp_path: Path) -> Path:
    """Return a directory with the database of an ironwood."""
    migrated = manage(configuration(tmp_path, "ironwood.2"), "lms", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return tmp_path


def test_juniper_meets_the_broken_migration(ironwood: Path) -> None:
    migrated = manage(
        configuration(ironwood, "juniper.2"), "lms", "--settings=production", "migrate"
    )
    assert migrated.returncode != 0
    assert 'table "thumbnail_kvstore" already exists' in migrated.stderr


def test_the_documented_statement_gets_juniper_past_it(ironwood: Path) -> None:
    with sqlite3.connect(ironwood / "edxapp.sqlite3") as database:
        database.execute(REMEDY)
    database.close()
    juniper = configuration(ironwood, "juniper.2")
    migrated = manage(juniper, "lms", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    shown = manage(juniper, "lms", "showmigrations", "thumbnail")
    assert "[X] 0001_initial" in shown.stdout


def test_a_fresh_juniper_migrates(tmp_path: Path) -> None:
    migrated = manage(configuration(tmp_path, "juniper.2"), "lms", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    with sqlite3.connect(tmp_path / "edxapp.sqlite3") as database:
        rows = database.execute("SELECT key FROM thumbnail_kvstore").fetchall()
    database.close()
    assert rows == []


def test_migrating_again_changes_nothing(ironwood: Path) -> None:
    again = manage(ironwood / "ironwood.2" / "lms.yml", "cms", "migrate")
    assert again.returncode == 0, again.stderr
    assert "No migrations to apply" in again.stdout


def test_no_migration_is_missing(tmp_path: Path) -> None:
    checked = manage(configuration(tmp_path, "master"), "lms", "makemigrations", "--check")
    assert checked.returncode == 0, checked.stdout
