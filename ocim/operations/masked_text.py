"""Texts that somebody may edit who must not see the secrets in them.

The secrets are masked, line by line; lines that come back unchanged get their secrets again.
"""

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from typing import Any

from ocim.catalog.secrets.masking import mask_text, masker, with_secrets_hidden
from ocim.core.errors import ValidationError
from ocim.core.secrets import MASK, Secret
from ocim.operations.instance_settings import EXTRA_SETTINGS
from ocim.parsing.yaml_text import parse_mapping

_WORD = "ocim__masked"
"""Word that stands for a mask where YAML is read: asterisks begin an alias there."""
_SEEN = (
    f"{MASK} would become a text that everybody sees. Leave the lines around it as they were, or"
    " write a value."
)
_COMMENTS = re.compile(r"(?m)(?:^[ \t]*#[^\n]*\n?)+|(?<=[ \t])#[^\n]*")
"""Comments: of lines that follow one another, or at the end of a line."""


def masked_notes(text: str) -> str | None:
    """Return the text with secrets masked; None if the lines would no longer be the same ones."""
    return _in_lines(text, mask_text)


def masked_settings(text: str) -> str | None:
    """Return extra settings with their comments, and with secrets masked.

    Return None if they cannot be read, or if the text writes a secret in an unusual form, of which
    a part would be left.
    """
    document = parse_mapping(text)
    hidden = with_secrets_hidden(document.value)
    shown = _in_lines(text, masker(hidden))
    if document.faults or shown is None:
        return None
    shown = _COMMENTS.sub(_masked_comment, shown)
    again = parse_mapping(shown.replace(MASK, _WORD))
    return shown if not again.faults and _is_masked(hidden, again.value) else None


def restored_notes(text: str, *, original: str, shown: str) -> str:
    """Return `restored` notes. Raise ValidationError if a secret in them would be seen."""
    result = restored("notes", text, original=original, shown=shown)
    if mask_text(result) != mask_text(text):
        raise ValidationError([f"notes: {_SEEN}"])
    return result


def restored_settings(text: str, *, original: str, shown: str) -> str:
    """Return `restored` extra settings, which may have faults.

    Raise ValidationError if a secret would be seen, as under another name it is none.
    """
    result = restored(EXTRA_SETTINGS, text, original=original, shown=shown)
    typed, whole = parse_mapping(text.replace(MASK, _WORD)), parse_mapping(result)
    if whole.faults or shown == original:
        return result
    if typed.faults or not _stays_hidden(typed.value, with_secrets_hidden(whole.value)):
        raise ValidationError([f"{EXTRA_SETTINGS}: {_SEEN}"])
    return result


def secrets_mask(settings: str) -> Callable[[str], str]:
    """Return a function that masks the secrets of extra settings in other texts, as in faults."""
    return masker(with_secrets_hidden(parse_mapping(settings).value))


def restored(name: str, text: str, *, original: str, shown: str) -> str:
    """Return the text with the secrets of lines that are as they were shown.

    Raise ValidationError if another line has a mask: nobody knows what it stands for.
    """
    before, secret, after = shown.split("\n"), original.split("\n"), text.split("\n")
    lines = list(after)
    known: set[int] = set()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for start, first, size in matcher.get_matching_blocks():
        lines[first : first + size] = secret[start : start + size]
        known.update(range(first, first + size))
    if faults := [
        f"{name}, line {number}, column {line.index(MASK) + 1}: {MASK} stands for a secret."
        " Leave its line as it was, or write a value."
        for number, line in enumerate(after, start=1)
        if MASK in line and number - 1 not in known
    ]:
        raise ValidationError(faults)
    return "\n".join(lines)


def _in_lines(text: str, mask: Callable[[str], str]) -> str | None:
    shown = mask(text)
    return shown if shown.count("\n") == text.count("\n") else None


def _masked_comment(comment: re.Match[str]) -> str:
    """Return a comment; if it has a secret, hide all of it: the next line may go on with it."""
    if mask_text(comment[0].replace("#", " ")) == comment[0].replace("#", " "):
        return comment[0]
    return re.sub(r"#[^\n]*", f"# {MASK}", comment[0])


def _stays_hidden(typed: Any, hidden: Any) -> bool:
    """Return True if `hidden` has a Secret wherever a mask was typed."""
    match typed:
        case str() if _WORD in typed:
            return isinstance(hidden, Secret)
        case Mapping():
            return isinstance(hidden, Mapping) and all(
                key in hidden and _stays_hidden(below, hidden[key]) for key, below in typed.items()
            )
        case list():
            return (
                isinstance(hidden, list)
                and len(hidden) == len(typed)
                and all(map(_stays_hidden, typed, hidden))
            )
    return True


def _is_masked(hidden: Any, shown: Any) -> bool:
    """Return True if `shown` has nothing but masks wherever `hidden` has a Secret."""
    match hidden:
        case Secret():
            return isinstance(shown, str) and set(shown.split()) <= {_WORD}
        case Mapping():
            return isinstance(shown, Mapping) and all(
                key in shown and _is_masked(below, shown[key]) for key, below in hidden.items()
            )
        case list():
            return (
                isinstance(shown, list)
                and len(shown) == len(hidden)
                and all(map(_is_masked, hidden, shown))
            )
    return True
