"""Printing of logs: of app servers, and of jobs on shared servers."""

import time
from collections.abc import Callable, Sequence

from ocim.catalog.secrets.masking import mask_text, masked_place
from ocim.console.output import Output
from ocim.console.progress import PAUSE
from ocim.store.models import LogEntry

STYLES = {"error": "red", "warning": "yellow", "debug": "dim"}


def print_log(
    out: Output, lines_after: Callable[[int], Sequence[LogEntry]], grows: Callable[[], bool]
) -> None:
    """Print a log, and its new lines while `grows` returns True.

    `lines_after` returns the next lines after the one with this id.
    """
    last = 0
    while True:
        goes_on = grows()
        while lines := lines_after(last):
            last = lines[-1].pk
            _print(out, lines)
        if not goes_on:
            return
        time.sleep(PAUSE)


def _print(out: Output, lines: Sequence[LogEntry]) -> None:
    """Print lines of a log, with masks for secrets."""
    for line in lines:
        if out.as_json:
            fields = ("time", "level", "task", "status", "seconds", "text")
            out.line(masked_place("", {name: getattr(line, name) for name in fields}))
        else:
            duration = f" ({line.seconds:.1f} s)" if line.seconds else ""
            text = f"{line.time:%H:%M:%S} {mask_text(line.text)}{duration}"
            out.say(text, style=STYLES.get(line.level, ""))
