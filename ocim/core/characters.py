"""Invisible characters (no-break spaces, tabs, zero-width ones), named in error messages."""

import re
import unicodedata

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode calls printable although they show nothing."""
_CONTROLS = {"\t": "tab", "\n": "line break", "\r": "carriage return", "\0": "NUL"}
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")


def invisible(text: str) -> re.Match[str] | None:
    """Find the first invisible character."""
    for character in _NOT_PLAIN.finditer(text):
        if not character[0].isprintable() or character[0] in _BLANK:
            return character
    return None


def described(character: str) -> str:
    """Name a character: `a no-break space (U+00A0)`."""
    name = unicodedata.name(character, "") or "character without a name"
    word = _CONTROLS.get(character) or name.lower()
    article = "an" if word[0] in "aeiou" else "a"
    return f"{article} {word} (U+{ord(character):04X})"


def hint(text: str) -> str:
    """Return a sentence about the first invisible character and its place, or an empty text.

    Line breaks do not count as invisible.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if character := invisible(line):
            column = f"Character {character.start() + 1}"
            place = column if len(lines) == 1 else f"{column} of line {number}"
            return f" {place} is {described(character[0])}."
    return ""
