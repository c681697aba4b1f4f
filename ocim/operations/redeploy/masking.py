"""What is secret stays out of plans that are shown, and of what is kept of rollouts."""

import re
from collections.abc import Mapping
from typing import Any

from ocim.operations.instance_settings import EXTRA_SETTINGS

HIDDEN = (EXTRA_SETTINGS, "secret_seed", "jwt_private_key")
"""Fields, and lookups of them, that may hold passwords."""
NOT_SHOWN = "(not shown)"
_ACCOUNT = re.compile(r"(?<=://)(?!git@)[^/@\s]+(?=@)")


def shown(name: str, value: Any, instead: str = NOT_SHOWN) -> Any:
    """The value of a field, or of a lookup, without what is secret in it, at any depth."""
    if name.startswith(HIDDEN):
        return instead
    if isinstance(value, Mapping):
        return {key: shown(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shown("", inner) for inner in value]
    return without_accounts(value) if isinstance(value, str) else value


def without_accounts(text: str) -> str:
    """The text with names and passwords in addresses made unreadable."""
    return _ACCOUNT.sub("********", text) if "://" in text else text
