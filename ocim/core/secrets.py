"""Secrets: derived from a seed; found, masked or revealed in nested values.

A value that combines a secret with other text becomes a Secret as a whole, since nothing could tell
the secret from the rest.
"""

import hmac
import string
from collections.abc import Callable, Mapping
from typing import Any


class Secret:
    """Secret text. It prints as `********`; only `reveal()` returns it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: for files that only their reader may open, never for logs."""
        return self._text

    def __repr__(self) -> str:
        return "********"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


MASK = "********"
"""Text that is shown instead of a secret."""
PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of immutable values that contain no other values."""
_ALPHABET = string.ascii_letters + string.digits
_CHARACTERS = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))
# Skip these bytes, so that all characters are equally likely.
_SKIPPED = bytes(range(256 - 256 % len(_ALPHABET), 256))


def derive(seed: bytes, name: str, length: int = 32) -> Secret:
    """Return `length` letters and digits, always the same ones for the same seed and name.

    They disclose nothing about the seed or about secrets of other names (HMAC-SHA256). Raise
    ValueError if the seed is empty, since anybody could compute the result.
    """
    if not seed:
        raise ValueError("Secrets cannot be derived from an empty seed.")
    text = b""
    block = 0
    while len(text) < length:
        message = block.to_bytes(4, "big") + name.encode()
        text += hmac.digest(seed, message, "sha256").translate(_CHARACTERS, _SKIPPED)
        block += 1
    return Secret(text[:length].decode())


def masked(values: Any) -> Any:
    """Return a copy in which every Secret, at any depth, is the text `********`."""
    return replaced(values, str)


def revealed(values: Any) -> Any:
    """Return a copy with Secrets in clear text: for files that only their reader may open."""
    return replaced(values, Secret.reveal)


def replaced(values: Any, change: Callable[[Secret], Any]) -> Any:
    """Return a copy, of plain dictionaries and lists, in which `change` replaces every Secret."""
    if type(values) in PLAIN:  # the usual case; checks for abstract types are slow
        return values
    if isinstance(values, Secret):
        return change(values)
    if isinstance(values, Mapping):
        return {key: replaced(value, change) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [replaced(value, change) for value in values]
    return values


def secret_texts(values: Any) -> frozenset[str]:
    """Return the texts of all Secrets, without empty ones, so that logs can omit them."""
    texts: set[str] = set()
    replaced(values, lambda secret: texts.add(secret.reveal()))
    return frozenset(texts - {""})


def without_credentials(url: str) -> str:
    """Return the URL without password or token; the user of an ssh URL is neither."""
    scheme, separator, rest = url.partition("://")
    credentials, at, _ = rest.partition("/")[0].rpartition("@")
    if not at or (scheme == "ssh" and ":" not in credentials):
        return url
    return f"{scheme}{separator}{rest.removeprefix(credentials + at)}"
