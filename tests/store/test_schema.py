"""The schema of the database, as this version of Ocim expects it."""

import pytest
from django.db.migrations.recorder import MigrationRecorder

from ocim.store.schema import clock_skew, schema_fault

pytestmark = pytest.mark.django_db


def test_a_migrated_database_has_no_fault() -> None:
    assert schema_fault() == ""


def test_a_migration_that_is_not_applied_is_named() -> None:
    MigrationRecorder.Migration.objects.filter(app="store", name="0001_initial").delete()

    assert schema_fault() == (
        "The database lacks migrations of this version of Ocim: store.0001_initial."
    )


def test_a_migration_of_another_version_is_named() -> None:
    MigrationRecorder.Migration.objects.create(app="store", name="0999_future")

    assert schema_fault() == (
        "Another version of Ocim has migrated the database: store.0999_future is unknown here."
    )


def test_migrations_of_other_programs_are_none_of_ours() -> None:
    MigrationRecorder.Migration.objects.create(app="shop", name="0001_initial")

    assert schema_fault() == ""


def test_the_clock_of_a_database_in_a_file_is_this_machines() -> None:
    assert abs(clock_skew().total_seconds()) < 1
