"""Messages of failed tasks: the error first, then a little of what surrounds it."""

import re
from collections.abc import Mapping
from typing import Any

LINES = 12
"""Number of lines of a message. Lines are never cut, since half a secret would not be masked."""
# Messages of modules that only point to the output of the command that they ran.
_GENERIC = re.compile(r"non-zero return code|MODULE FAILURE|Module result deserialization failed")
_NOISE = re.compile(
    r"^Traceback \(most recent call last\)|^The above exception was|^During handling of the above"
)
_FRAME = re.compile(r'^\s+File ".*", line \d+')


def message_of(result: Mapping[str, Any]) -> str:
    """Return why the task failed: the most telling line first, and about a dozen lines in all."""
    items = [item for item in result.get("results") or [] if item.get("failed")]
    if items:
        return "\n".join(dict.fromkeys(message_of(item) for item in items))
    message = _text(result.get("msg") or result.get("censored"))
    output = next(
        filter(None, (condensed(_text(result.get(name))) for name in _OUTPUTS)),
        "",
    )
    if message and not _GENERIC.search(message):
        first, *rest = message.splitlines()
        return "\n".join([first, *condensed("\n".join(rest)).splitlines()])
    if not output:
        return message or "It failed without an error message."
    lines = output.splitlines()
    # The continuation lines of an error are indented.
    reason = next((line for line in reversed(lines) if not line[0].isspace()), lines[-1])
    last_line = _text(result.get("stdout")).rstrip().splitlines()[-1:]
    context = [line for line in [*last_line, *lines] if line != reason]
    return "\n".join([reason, *context])


_OUTPUTS = ("stderr", "module_stderr", "stdout", "module_stdout")


def condensed(text: str) -> str:
    """Return the last lines of the text, without traceback frames and without repetitions."""
    kept: list[str] = []
    in_frames = False
    for line in text.splitlines():
        if _NOISE.search(line):
            in_frames = True
        elif in_frames and (_FRAME.search(line) or not line or line[0].isspace()):
            continue
        else:
            in_frames = False
            if line.strip() and line.rstrip() not in kept[-1:]:
                kept.append(line.rstrip())
    return "\n".join(kept[-LINES:])


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(str(item) for item in value)
    return "" if value is None else str(value)
