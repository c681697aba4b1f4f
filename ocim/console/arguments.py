"""Arguments such as FIELD=VALUE and URL@VERSION, read into values."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from ocim.core.errors import ValidationError, gathered
from ocim.parsing.arguments import no_such_file, tags_of, text_of_argument

YAML = "configuration_extra_settings"
DOCUMENTS = frozenset({YAML, "notes"})
"""Fields whose value may be @FILE."""


def assignments(words: Sequence[str]) -> dict[str, Any]:
    """Return the values of FIELD=VALUE words by field; `tags` become a list.

    Raise ValidationError with every word that has another form, and every field that is repeated.
    """
    if wrong := [word for word in words if "=" not in word]:
        raise ValidationError(
            [f"{word!r} is not of the form FIELD=VALUE." for word in wrong],
            remedy="Quote values that have spaces: name='My Campus'.",
        )
    pairs = [(name, text) for name, _, text in (word.partition("=") for word in words)]
    uses = Counter(name for name, _ in pairs)
    if repeated := [name for name, times in uses.items() if times > 1]:
        raise ValidationError(
            [f"{name} is set {uses[name]} times: set it once." for name in repeated]
        )
    values = gathered(*(partial(_value, name, text) for name, text in pairs))
    return dict(zip(uses, values, strict=True))


def source_argument(text: str) -> tuple[str, str]:
    """Return the URL and the version of `URL[@VERSION]`; without one, the version is empty.

    An @ before the path, as in git@example.com:team/x, precedes the host instead.
    """
    scheme, mark, rest = text.partition("://")
    start = rest.find("/") if mark else text.find(":") if not text.startswith("/") else 0
    start = max(start, 0) + (len(scheme + mark) if mark else 0)
    path, _, version = text[start:].partition("@")
    return text[:start] + path, version


def _value(name: str, text: str) -> Any:
    if name == "tags":
        return tags_of(text)
    if name in DOCUMENTS:
        return _document(name, text)
    return text


def _document(name: str, argument: str) -> str:
    text, where = text_of_argument(argument, option=name)
    if where != name and not text.strip():
        raise ValidationError(
            [f"{name}: {where} is empty. To clear the field, write `{name}=` without a file."]
        )
    if name == YAML and where == name and (hint := no_such_file(argument)):
        raise ValidationError([f"{name}, line 1: must be a mapping, not {argument!r}.{hint}"])
    return text
