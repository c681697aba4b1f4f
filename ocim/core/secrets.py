"""Secrets: made from a seed, found in nested values, masked or revealed there.

A Secret inside a longer string cannot be told from the rest of it: a value that combines a secret
with other text is made a Secret as a whole.
"""

import hmac
import string
from collections.abc import Callable, Mapping
from typing import Any


class Secret:
    """A text that must not be seen. It prints as `********`; `reveal()` is the only way in."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for files that only the reader may open, never for logs."""
        return self._text

    def __repr__(self) -> str:
        return "********"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


MASK = "********"
"""What is shown instead of a secret."""
PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of values that nothing can be in, and that cannot be changed."""
_ALPHABET = string.ascii_letters + string.digits
_CHARACTERS = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))
# These bytes are skipped, so that every character is equally likely.
_SKIPPED = bytes(range(256 - 256 % len(_ALPHABET), 256))


def derive(seed: bytes, name: str, length: int = 32) -> Secret:
    """A text of `length` letters and digits, always the same for the same seed and name.

    Who has it learns nothing of the seed or of the secrets of other names (HMAC-SHA256).
    ValueError for an empty seed: what it would give could be computed by anybody.
    """
    if not seed:
        raise ValueError("Secrets cannot be derived from an empty seed.")
    found = b""
    block = 0
    while len(found) < length:
        message = block.to_bytes(4, "big") + name.encode()
        found += hmac.digest(seed, message, "sha256").translate(_CHARACTERS, _SKIPPED)
        block += 1
    return Secret(found[:length].decode())


def masked(values: Any) -> Any:
    """A copy in which every Secret, at any depth, is the text `********`."""
    return replaced(values, str)


def revealed(values: Any) -> Any:
    """A copy in which every Secret is its text: for files that only their reader may open."""
    return replaced(values, Secret.reveal)


def replaced(values: Any, change: Callable[[Secret], Any]) -> Any:
    """A copy of plain dictionaries and lists, with `change` made to every Secret in it."""
    if type(values) in PLAIN:  # nearly all are, and to ask for an abstract type takes long
        return values
    if isinstance(values, Secret):
        return change(values)
    if isinstance(values, Mapping):
        return {key: replaced(value, change) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [replaced(value, change) for value in values]
    return values


def secret_texts(values: Any) -> frozenset[str]:
    """The texts of all Secrets in it but empty ones, for taking them out of logs."""
    found: set[str] = set()
    replaced(values, lambda secret: found.add(secret.reveal()))
    return frozenset(found - {""})


def without_credentials(url: str) -> str:
    """`url` as people may see it: without password or token; an ssh user is neither."""
    scheme, mark, rest = url.partition("://")
    credentials, at, _ = rest.partition("/")[0].rpartition("@")
    if not at or (scheme == "ssh" and ":" not in credentials):
        return url
    return f"{scheme}{mark}{rest.removeprefix(credentials + at)}"
