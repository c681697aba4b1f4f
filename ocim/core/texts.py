"""Numbers, durations and lists of names, as sentences have them."""

from collections.abc import Iterable
from datetime import timedelta


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun: `1 instance`, `2 instances`, `0 instances`.

    `nouns` is the noun's plural where an s does not make it: `plural(2, "index", "indexes")`.
    """
    return f"{count} {noun if count == 1 else nouns or f'{noun}s'}"


def shortened(text: str, longest: int) -> str:
    """Return the text, or its first `longest` characters with an ellipsis."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def duration(seconds: float | None) -> str:
    """Return hours, minutes and whole seconds: `1:02:03`. Empty for None."""
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))


def listed(names: Iterable[object], last: str = "and") -> str:
    """Return names as a sentence lists them: `a, b and c`, `a`, or `none`.

    `last` is the word before the last name.
    """
    texts = [str(name) for name in names]
    if len(texts) < 2:  # noqa: PLR2004 - nothing to put the word between
        return texts[0] if texts else "none"
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"
