from importlib import import_module
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from rehearsal.common.configuration import databases, read


def test_a_file_that_is_not_named_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LMS_CFG", raising=False)
    with pytest.raises(ImproperlyConfigured, match="Set LMS_CFG"):
        read("LMS_CFG", required=())


@pytest.mark.parametrize("content", ["{", "- a list", ""])
def test_what_is_no_mapping_is_refused_with_its_path(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lms.yml"
    path.write_text(content)
    monkeypatch.setenv("LMS_CFG", str(path))
    with pytest.raises(ImproperlyConfigured, match=str(path)):
        read("LMS_CFG", required=())


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lms.yml"
    path.write_text("REHEARSAL_FAULTS: [slow, explode]\n")
    monkeypatch.setenv("LMS_CFG", str(path))
    with pytest.raises(ImproperlyConfigured) as refusal:
        read("LMS_CFG", required=("SECRET_KEY", "DATABASES"))
    assert "SECRET_KEY is missing; DATABASES is missing" in str(refusal.value)
    assert "'explode' is none of" in str(refusal.value)


def test_sqlite_gets_what_several_processes_on_one_file_need() -> None:
    completed = databases({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}})
    options = completed["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "WAL" in options["init_command"]


def test_mysql_gets_all_characters_and_a_driver() -> None:
    completed = databases({"default": {"ENGINE": "django.db.backends.mysql", "NAME": "x"}})
    assert completed["default"]["OPTIONS"] == {"charset": "utf8mb4"}
    assert import_module("MySQLdb").__name__ == "pymysql"


def test_what_the_operator_says_of_a_database_stands() -> None:
    arguments = {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "CONN_MAX_AGE": 0}
    completed = databases({"default": arguments})
    assert completed["default"] == {**arguments, "CONN_HEALTH_CHECKS": True}
