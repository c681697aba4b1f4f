from pathlib import Path

import certifi
import pytest
from django.db import connection

from ocim.store.models import DatabaseServer, OpenEdXInstance
from tests.console.conftest import Installation

URL = "mysql://db.example.com"
PEM = "".join(Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")[:2])
"""Certificate of a public authority."""


@pytest.fixture
def registered(ocim: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    ocim.mysql.problems = ("It is slow.",)
    monkeypatch.setenv("OCIM_DATABASE_PASSWORD", "secret")
    ran = ocim("database-server", "register", "main", URL)
    assert ran.status == 0, ran.err
    assert ran.out == (
        "Registered main: Memory of mysql at mysql://db.example.com:3306\nNote: It is slow.\n"
    )
    return ocim


def test_the_list_has_embedded_databases_too(registered: Installation) -> None:
    rows = registered("database-server", "list", "--json").json
    assert [(row["name"], row["instances"]) for row in rows] == [("files", 0), ("main", 0)]
    assert rows[1] == {
        "name": "main",
        "url": "mysql://db.example.com:3306",
        "version": "Memory of mysql",
        "instances": 0,
        "accepts new": True,
        "host": None,
    }


def test_an_instance_is_created_on_a_server_and_shown_with_its_databases(
    registered: Installation,
) -> None:
    ran = registered("instance", "create", "campus.example.com", "--database-server", "main")
    assert ran.status == 0, ran.err
    instance = OpenEdXInstance.objects.get()
    name = f"{instance.database_name}_edxapp"
    registered.mysql.sizes[("db.example.com", 3306, name)] = 2_000_000
    shown = registered("database-server", "show", "main", "--json").json
    assert shown["instances"] == [f"{instance}: 1 database, 2.0 MB, 0 connections"]
    assert (shown["health"], shown["notes"]) == ("ok", ["It is slow."])
    own = registered("instance", "show", "campus.example.com", "--json").json
    assert own["database_server"] == "main"


@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_server_may_be_named_anywhere_among_the_settings(
    registered: Installation, at: int
) -> None:
    words = ["notes=exams", "time_zone=Europe/Rome"]
    words[at:at] = ["--database-server", "main"]
    shown = registered("instance", "create", "campus.example.com", *words, "--json").json
    assert [shown[name] for name in ("database_server", "notes", "time_zone")] == [
        "main", "exams", "Europe/Rome",
    ]  # fmt: skip


def test_an_unknown_server_is_refused_with_those_that_there_are(registered: Installation) -> None:
    ran = registered("instance", "create", "campus.example.com", "--database-server", "nain")
    assert ran.status == 1
    assert "database_server: 'nain' is none that local hosts can use." in ran.err
    assert "Choose one of: files and main." in ran.err
    assert not OpenEdXInstance.objects.exists()


def test_a_server_that_does_not_answer_is_shown_with_the_reason(registered: Installation) -> None:
    registered.mysql.away.add("db.example.com")
    shown = registered("database-server", "show", "main", "--json").json
    assert shown["health"] == "The database server db.example.com does not answer."


def test_an_authority_means_tls(registered: Installation, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(PEM)
    authority = f"--authority={tmp_path / 'ca.pem'}"
    ran = registered("database-server", "register", "safe", "mysql://safe.example.com", authority)
    assert ran.status == 0, ran.err
    server = DatabaseServer.objects.get(name="safe")
    assert (server.tls, server.authority) == (True, PEM)


@pytest.mark.parametrize("content", [None, "nothing of the kind"])
def test_a_file_that_is_no_certificate_is_refused(
    content: str | None, registered: Installation, tmp_path: Path
) -> None:
    if content:
        (tmp_path / "ca.pem").write_text(content)
    authority = f"--authority={tmp_path / 'ca.pem'}"
    ran = registered("database-server", "register", "safe", "mysql://safe.example.com", authority)
    assert ran.status == 1
    assert "--authority: " in ran.err
    assert not DatabaseServer.objects.filter(name="safe").exists()


def test_an_instance_gets_other_accounts(registered: Installation) -> None:
    registered("instance", "create", "campus.example.com", "--database-server", "main")
    ran = registered("database-server", "rotate", "campus.example.com")
    assert "has other accounts from its next app server on." in ran.out
    assert OpenEdXInstance.objects.get().database_generation == 2


def test_a_server_in_use_is_not_removed_and_another_one_is(registered: Installation) -> None:
    registered("instance", "create", "campus.example.com", "--database-server", "main")
    assert "in use by 1 instance" in registered("database-server", "remove", "main").err
    registered("database-server", "register", "other", "mysql://other.example.com")
    assert registered("database-server", "remove", "other").out == "Removed other.\n"


def test_the_password_is_kept_encrypted_and_shown_nowhere(registered: Installation) -> None:
    for words in (("list",), ("show", "main"), ("show", "main", "--json")):
        assert "secret" not in registered("database-server", *words).out
    assert DatabaseServer.objects.get(name="main").admin_password == "secret"
    with connection.cursor() as cursor:
        cursor.execute("SELECT admin_password FROM store_databaseserver")
        assert ("secret",) not in cursor.fetchall()
