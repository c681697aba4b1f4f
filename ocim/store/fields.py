"""Model fields whose content is encrypted in the database."""

import base64
import binascii
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models

from ocim.core.errors import OutsideRefusal


def check_master_key(key: str) -> str:
    """Say what is wrong with a master key; empty where nothing is."""
    if not key:
        return "There is no master key."
    try:
        right = len(base64.urlsafe_b64decode(key.encode())) == 32  # noqa: PLR2004
    except (binascii.Error, ValueError):
        right = False
    return "" if right else "The master key is not 32 bytes in URL-safe base64."


def encrypt(text: str) -> str:
    """Encrypt with the master key."""
    return _fernet(settings.OCIM.master_key).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Undo `encrypt`; OutsideRefusal where the master key is another one."""
    try:
        return _fernet(settings.OCIM.master_key).decrypt(token.encode()).decode()
    except InvalidToken:
        raise OutsideRefusal(
            "A secret in the database was encrypted with another master key.",
            remedy="Set OCIM_MASTER_KEY to the key that this installation began with.",
        ) from None


@lru_cache(maxsize=4)
def _fernet(key: str) -> Fernet:
    if fault := check_master_key(key):
        raise OutsideRefusal(
            fault, remedy="Set OCIM_MASTER_KEY, or let `ocim up` make one in var/master.key."
        )
    return Fernet(key.encode())


if TYPE_CHECKING:  # at run time the class takes no parameters
    TextField = models.TextField[Any, Any]
else:
    TextField = models.TextField


class EncryptedTextField(TextField):
    """Text that only the holder of the master key can read. Cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return decrypt(value) if value else value
