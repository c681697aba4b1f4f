"""Formatting and filtering of log records."""

import logging
import time
from collections.abc import Callable

from ocim.catalog.secrets.masking import mask_text


class MaskingFormatter(logging.Formatter):
    """Formatter that masks secrets in records and their tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text without secrets."""
        return mask_text(super().format(record))


class QueueAway(logging.Filter):
    """A filter that lets a queue that cannot be read be told in one line a minute.

    Every thread of a worker tries twice a second, and Huey logs each failure with its traceback:
    the logs of one machine would grow by two gigabytes a day.
    """

    EVERY = 60.0
    """Seconds."""

    def __init__(self, name: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name)
        self._clock = clock
        self._passed: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for a repetition. Put the error into the text, instead of its traceback."""
        text = record.getMessage()
        if not (record.exc_info and text.startswith("Error reading")):
            return True
        now = self._clock()
        last = self._passed.get(text)
        if last is not None and now < last + self.EVERY:
            return False
        self._passed[text] = now
        record.msg = f"{text.rstrip('.')}: {record.exc_info[1]} (told once a minute)"
        record.args, record.exc_info, record.exc_text = None, None, None
        return True
