"""Types of variables, so that a wrong value is found before a server is built."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from ocim.catalog.templates import is_template
from ocim.core.secrets import Secret


class Kind(StrEnum):
    """Type of a variable, in words for operators."""

    TEXT = "a text (in quotes, if it looks like something else)"
    FLAG = "true or false"
    PORT = "a port number"
    NUMBER = "a whole number"
    MAPPING = "a mapping"
    TEXTS = "a list of texts"
    MAPPINGS = "a list of mappings"


NUMBERS: Final = frozenset({"EDXAPP_CELERY_BROKER_VHOST"})
"""Texts that may be whole numbers, too: the virtual host of Redis is the number of a database."""
NULLS: Final = frozenset(
    {
        "EDXAPP_WORKERS",
        "EDXAPP_JWT_SIGNING_ALGORITHM",
        "EDXAPP_JWT_PRIVATE_SIGNING_JWK",
        "COMMON_JWT_PUBLIC_SIGNING_JWK_SET",
        "EDXAPP_AWS_ACCESS_KEY_ID",
        "EDXAPP_AWS_SECRET_ACCESS_KEY",
        "EDXAPP_SWIFT_AUTH_URL",
        "EDXAPP_SWIFT_KEY",
        "EDXAPP_SWIFT_REGION_NAME",
        "EDXAPP_SWIFT_TEMP_URL_KEY",
        "EDXAPP_SWIFT_TENANT_ID",
        "EDXAPP_SWIFT_TENANT_NAME",
        "EDXAPP_SWIFT_USERNAME",
    }
)
"""Variables that are null by upstream's own defaults."""


_TRUE = frozenset({"y", "yes", "on", "1", "true", "t"})
_FALSE = frozenset({"n", "no", "off", "0", "false", "f"})


def as_flag(value: Any) -> bool | None:
    """Return the value as Ansible converts it to true or false; None if it is neither."""
    text = str(value).strip().lower()
    if not isinstance(value, bool | int | str):
        return None
    return True if text in _TRUE else False if text in _FALSE else None


def _is_text(value: Any) -> bool:
    return isinstance(value, str | Secret)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


_FITS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: _is_text,
    Kind.FLAG: lambda value: as_flag(value) is not None,
    # Empty if the database is a file, which has no port.
    Kind.PORT: lambda value: value == "" or _is_number(value) or str(value).isdecimal(),
    Kind.NUMBER: lambda value: _is_number(value) or str(value).isdecimal(),
    Kind.MAPPING: _is_mapping,
    Kind.TEXTS: _is_list_of(_is_text),
    Kind.MAPPINGS: _is_list_of(_is_mapping),
}


def fits(value: Any, kind: Kind, name: str = "") -> bool:
    """Return True if the variable `name` of this type may have the value.

    A template fits every type, since its result is not known.
    """
    if value is None:
        return name in NULLS
    if name in NUMBERS and _is_number(value):
        return True
    return (isinstance(value, str) and is_template(value)) or _FITS[kind](value)
