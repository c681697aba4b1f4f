"""Characters that nobody sees: no-break spaces, tabs, zero-width ones. Errors name them."""

import re
import unicodedata

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode calls printable, and that show nothing."""
_CONTROLS = {"\t": "tab", "\n": "line break", "\r": "carriage return", "\0": "NUL"}
_AROUND = re.compile(r"[^\x20-\x7e]")


def invisible(text: str) -> re.Match[str] | None:
    """Find the first character that does not show."""
    for found in _AROUND.finditer(text):
        if not found[0].isprintable() or found[0] in _BLANK:
            return found
    return None


def described(character: str) -> str:
    """Name a character: `a no-break space (U+00A0)`."""
    name = unicodedata.name(character, "") or "character without a name"
    word = _CONTROLS.get(character) or name.lower()
    article = "an" if word[0] in "aeiou" else "a"
    return f"{article} {word} (U+{ord(character):04X})"


def hint(text: str) -> str:
    """Say which character of the text does not show, line breaks aside, and where.

    Nothing where all characters show.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if found := invisible(line):
            where = f"Character {found.start() + 1}"
            place = where if len(lines) == 1 else f"{where} of line {number}"
            return f" {place} is {described(found[0])}."
    return ""
