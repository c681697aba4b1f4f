from dataclasses import replace

import pytest
from pytest_django import Settings

from ocim.core.errors import PermanentError
from ocim.store.fields import RepositoryUrlField, check_master_key, decrypt, encrypt

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="


def with_key(settings: Settings, key: str) -> None:
    settings.OCIM = replace(settings.OCIM, master_key=key)


def test_what_was_encrypted_can_be_read_with_the_same_key() -> None:
    assert decrypt(encrypt("hush")) == "hush"
    assert "hush" not in encrypt("hush")


def test_another_key_is_said_to_be_another(settings: Settings) -> None:
    token = encrypt("hush")
    with_key(settings, OTHER)
    with pytest.raises(PermanentError, match="encrypted with another master key"):
        decrypt(token)


@pytest.mark.parametrize("key", ["", "short", "ä" * 43])
def test_a_key_that_is_none_is_refused(settings: Settings, key: str) -> None:
    with_key(settings, key)
    with pytest.raises(PermanentError, match="master key"):
        encrypt("hush")


def test_a_good_key_has_no_fault() -> None:
    assert check_master_key(KEY) == ""


@pytest.mark.parametrize("account", ["me:hush", "gAAAAhush"])
def test_the_account_of_a_repository_is_encrypted(account: str) -> None:
    field, url = RepositoryUrlField(max_length=1000), f"https://{account}@git.example.com/x.git"
    stored = field.get_prep_value(url)
    assert account not in stored
    assert stored.endswith("@git.example.com/x.git")
    assert field.from_db_value(stored) == url
