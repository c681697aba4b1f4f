"""Statements on a server's connection, run in a thread, so that they can be ended from outside."""

import threading
import time
from collections.abc import Callable
from typing import Any

from ocim.core import stopping
from ocim.core.errors import OcimError, PermanentError

GRACE = 5.0
"""Seconds in which a statement has to end after the server was told to end it."""


class StuckStatement(Exception):
    """A statement that did not end although the server was told to end it."""


def run_limited(
    run: Callable[[], int | None], *, cancel: Callable[[], None], seconds: float
) -> int:
    """Return the result of `run`, which executes one statement; 0 for None, which a query returns.

    After `seconds`, or when the job is to end, call `cancel`, which tells the server to end the
    statement. Then raise PermanentError for the time limit, or the error that ends the job. Raise
    StuckStatement if the statement goes on.
    """
    stopping.check()
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            outcome["rows"] = run()
        except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
            outcome["error"] = error

    thread = threading.Thread(target=work, name="sql", daemon=True)
    thread.start()
    end = _wait(thread, time.monotonic() + seconds, seconds)
    if end is not None:
        cancel()
        thread.join(GRACE)
        if thread.is_alive():
            raise StuckStatement from end
        # A change that was finished at that moment counts. A query that is ended may return rows.
        if outcome.get("rows") is None or not isinstance(end, PermanentError):
            raise end
    if error := outcome.get("error"):
        raise error
    return outcome["rows"] or 0


def _wait(thread: threading.Thread, deadline: float, seconds: float) -> OcimError | None:
    """Wait for the thread. Return why its statement has to end before; None if it has ended."""
    pause = 0.01  # most statements are short
    while True:
        thread.join(pause)
        if not thread.is_alive():
            return None
        pause = min(2 * pause, stopping.STEP)
        try:
            stopping.check()
        except OcimError as end:
            return end
        if time.monotonic() > deadline:
            return PermanentError(f"The statement took over {seconds:g} s and was ended.")
