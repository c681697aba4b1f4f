import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_tables_are_those_of_the_locked_django_oscar() -> None:
    call_command("makemigrations", check=True, dry_run=True)
