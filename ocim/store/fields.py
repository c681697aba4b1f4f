"""Model fields whose content is encrypted in the database."""

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from ocim.core.errors import PermanentError
from ocim.core.secrets import without_credentials

EMPTY = frozenset({"[]", "{}", "null", '""'})
"""JSON texts of empty values: they hold no secret, and are not encrypted."""
TOKEN = "gAAAA"  # noqa: S105 - first characters of every text that Fernet encrypted
_ENCRYPTED_ACCOUNT = re.compile(rf"(?<=://){TOKEN}[\w=-]+(?=@)")


def check_master_key(key: str) -> str:
    """Return the fault of a master key; an empty text if it has none."""
    if not key:
        return "There is no master key."
    try:
        right = len(base64.urlsafe_b64decode(key.encode())) == 32  # noqa: PLR2004
    except (binascii.Error, ValueError):
        right = False
    return "" if right else "The master key is not 32 bytes in URL-safe base64."


def encrypt(text: str) -> str:
    """Encrypt a text with the master key."""
    return _fernet(settings.OCIM.master_key).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Decrypt a text of `encrypt`. Raise PermanentError if the master key is another."""
    try:
        return _fernet(settings.OCIM.master_key).decrypt(token.encode()).decode()
    except InvalidToken:
        raise PermanentError(
            "A secret in the database was encrypted with another master key.",
            remedy="Set OCIM_MASTER_KEY to the key that this installation began with.",
        ) from None


@lru_cache(maxsize=4)
def _fernet(key: str) -> Fernet:
    if fault := check_master_key(key):
        raise PermanentError(
            fault, remedy="Set OCIM_MASTER_KEY, or let `ocim up` make one in var/master.key."
        )
    return Fernet(key.encode())


if TYPE_CHECKING:  # at run time the class takes no parameters
    CharField = models.CharField[Any, str]
    Field = models.Field[Any, Any]
    TextField = models.TextField[Any, str]
else:
    CharField = models.CharField
    Field = models.Field
    TextField = models.TextField


class Encrypted:
    """Mixin of encrypted fields: a database cannot search their columns."""

    def get_lookup(self, name: str) -> Any:
        """Allow `isnull` alone: no other comparison can work on encrypted text."""
        return super().get_lookup(name) if name == "isnull" else None  # type: ignore[misc]

    def get_transform(self, _name: str) -> None:
        """Return None: encrypted text has no parts that a query could look into."""


class EncryptedTextField(Encrypted, TextField):
    """Text that only the holder of the master key can read. Queries cannot search it."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return decrypt(value) if value else value


class EncryptedJSONField(Encrypted, Field):
    """A JSON value that only the holder of the master key can read. Queries cannot search it.

    Empty lists and mappings are stored as they are: they hold no secret, and most rows have them.
    """

    def get_internal_type(self) -> str:
        return "TextField"

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        text = json.dumps(value, cls=DjangoJSONEncoder)
        return text if text in EMPTY else encrypt(text)

    def from_db_value(self, value: str | None, *_: object) -> Any:
        if value is None:
            return None
        return json.loads(value if value in EMPTY else decrypt(value))


class RepositoryUrlField(CharField):
    """A URL whose user and password only the holder of the master key can read.

    Queries can search the rest. The user of an ssh URL is no secret.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return _encrypt_account(text) if isinstance(text, str) else text

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return _decrypt_account(value) if value else value


def _encrypt_account(url: str) -> str:
    """Encrypt user and password in a URL, unless they hold no secret."""
    if without_credentials(url) == url:
        return url
    scheme, mark, rest = url.partition("://")
    account = rest.partition("/")[0].rpartition("@")[0]
    return f"{scheme}{mark}{encrypt(account)}{rest.removeprefix(account)}"


def _decrypt_account(url: str) -> str:
    """Decrypt user and password in a URL of `_encrypt_account`."""
    if TOKEN not in url:  # most URLs have no account
        return url
    return _ENCRYPTED_ACCOUNT.sub(lambda match: decrypt(match[0]), url)
