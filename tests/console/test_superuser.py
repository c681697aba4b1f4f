"""Superusers of the LMS, by command."""

from tests.console.conftest import Installation
from tests.service_shells import ServiceShells


def test_superusers_are_listed_made_and_removed(ocim: Installation) -> None:
    shells = ocim.provider.cloud.answer = ServiceShells()
    shells.looks["superusers"] = {"users": {"ann": {"email": "ann@example.com", "enabled": True}}}
    campus = ocim.campus()
    ocim.served(campus)
    assert "ann@example.com" in ocim("superuser", "list", campus).out
    ran = ocim("superuser", "add", campus, "mira", "--email", "mira@example.com")
    assert ran.status == 0, ran.err
    assert f"Done. List them with: ocim superuser list {campus}" in ran.out
    assert ocim("superuser", "remove", campus, "mira").status == 0
    assert [(wanted["name"], wanted["make"]) for _, wanted in shells.scripts] == [
        ("mira", True),
        ("mira", False),
    ]


def test_all_faults_of_a_superuser_are_told(ocim: Installation) -> None:
    ran = ocim("superuser", "add", ocim.campus(), "a b", "--email", "nobody")
    assert ran.status == 1
    assert "'a b' is no user name" in ran.err
    assert "'nobody' is no email address" in ran.err
