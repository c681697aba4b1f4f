"""What operators write behind a command → values."""

from collections.abc import Sequence
from typing import Any

from ocim.core.errors import BadInput
from ocim.documents.arguments import text_of_argument

DOCUMENTS = frozenset({"configuration_extra_settings", "notes"})
"""Fields whose value may be a file's name."""


def assignments(words: Sequence[str]) -> dict[str, Any]:
    """FIELD=VALUE words; `tags` become a list. BadInput names every word that is none."""
    if wrong := [word for word in words if "=" not in word]:
        raise BadInput(
            [f"{word!r} is not FIELD=VALUE." for word in wrong],
            remedy="Quote values that have spaces: name='My Campus'.",
        )
    return {name: _value(name, text) for name, _, text in (word.partition("=") for word in words)}


def source_argument(text: str) -> tuple[str, str]:
    """`URL[@VERSION]` → both; the version is empty where none is said.

    An @ before the path, as in git@example.com:team/x, says who asks.
    """
    scheme, mark, rest = text.partition("://")
    start = rest.find("/") if mark else text.find(":") if not text.startswith("/") else 0
    start = max(start, 0) + (len(scheme + mark) if mark else 0)
    path, _, version = text[start:].partition("@")
    return text[:start] + path, version


def _value(name: str, text: str) -> Any:
    if name == "tags":
        return [tag.strip() for tag in text.split(",") if tag.strip()]
    if name in DOCUMENTS:
        return text_of_argument(text, option=name)[0]
    return text
