"""Signatures of failures: failures with the same cause have the same one."""

import re

LONGEST = 200
"""Maximum length of a signature, in characters."""
# Parts of a message that differ between two instances that fail for the same reason.
_PARTICULAR = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"]+", re.IGNORECASE), "URL"),
    # Keep the last part of a path: it says which file is missing, unless a program made it up.
    (re.compile(r"(?<![\w.])(?:/[\w.@+-]+)+/(?:(?=[^\W\d]+\b)|[\w.@+-]*\d[\w.@+-]*)"), "PATH "),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "ID"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "ID"),
    (re.compile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}\b", re.IGNORECASE), "ID"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b"), "ADDRESS"),
    (re.compile(r"\d+(\.\d+)*"), "N"),
)


def signature(failure: str, *names: str) -> str:
    """Return the first line of a failure, without what is particular to the instance.

    Its `names`, and all numbers, paths, ids and addresses are replaced by placeholders, so that
    failures with the same cause have equal signatures (as far as their texts can tell).
    """
    lines = failure.strip().splitlines()
    line = lines[0] if lines else "It failed without saying why."
    for name in sorted(filter(None, names), key=len, reverse=True):
        line = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "INSTANCE", line)
    for pattern, stands_for in _PARTICULAR:
        line = pattern.sub(stands_for, line)
    return line if len(line) <= LONGEST else _whole_sentences(line[:LONGEST])


def _whole_sentences(text: str) -> str:
    """Return the text without the sentence at its end that is cut, if others are before it."""
    sentences, stop, _ = text.rpartition(". ")
    return sentences + stop.strip() if stop else text
