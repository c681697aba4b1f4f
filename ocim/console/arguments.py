"""What operators write behind a command → values."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from ocim.core.errors import ValidationError, gathered
from ocim.parsing.arguments import no_such_file, text_of_argument

YAML = "configuration_extra_settings"
DOCUMENTS = frozenset({YAML, "notes"})
"""Fields whose value may be a file's name."""


def assignments(words: Sequence[str]) -> dict[str, Any]:
    """FIELD=VALUE words; `tags` become a list. ValidationError names every word that is none."""
    if wrong := [word for word in words if "=" not in word]:
        raise ValidationError(
            [f"{word!r} is not FIELD=VALUE." for word in wrong],
            remedy="Quote values that have spaces: name='My Campus'.",
        )
    pairs = [(name, text) for name, _, text in (word.partition("=") for word in words)]
    uses = Counter(name for name, _ in pairs)
    if twice := [name for name, times in uses.items() if times > 1]:
        raise ValidationError(
            [f"{name} is given {uses[name]} times: only one counts." for name in twice]
        )
    values = gathered(*(partial(_value, name, text) for name, text in pairs))
    return dict(zip(uses, values, strict=True))


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
        return _document(name, text)
    return text


def _document(name: str, argument: str) -> str:
    text, where = text_of_argument(argument, option=name)
    if where != name and not text.strip():
        raise ValidationError([f"{name}: {where} is empty. To remove what there is: {name}="])
    if name == YAML and where == name and (aside := no_such_file(argument)):
        raise ValidationError(
            [f"{name}, line 1: must be a mapping, and {argument!r} is none.{aside}"]
        )
    return text
