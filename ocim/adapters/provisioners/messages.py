"""What a person needs of a failed task's result: the error first, then a little around it."""

import re
from collections.abc import Mapping
from typing import Any

LINES = 12  # Whole ones: half a secret would not be recognized, and not be masked.
# What modules say where the reason is in the output of the command that they ran.
_GENERIC = re.compile(r"non-zero return code|MODULE FAILURE|Module result deserialization failed")
_NOISE = re.compile(
    r"^Traceback \(most recent call last\)|^The above exception was|^During handling of the above"
)
_FRAME = re.compile(r'^\s+File ".*", line \d+')


def message_of(result: Mapping[str, Any]) -> str:
    """Why the task failed: the most telling line first, at most a dozen lines in all."""
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
        return message or "It failed without saying why."
    said = output.splitlines()
    # An error of several lines has its continuation indented.
    reason = next((line for line in reversed(said) if not line[0].isspace()), said[-1])
    last_said = _text(result.get("stdout")).rstrip().splitlines()[-1:]
    around = [line for line in [*last_said, *said] if line != reason]
    return "\n".join([reason, *around])


_OUTPUTS = ("stderr", "module_stderr", "stdout", "module_stdout")


def condensed(text: str) -> str:
    """The last lines of `text`, without the frames of Python tracebacks and without repetitions."""
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
