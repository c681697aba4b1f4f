"""Formatting of log records."""

import logging

from ocim.catalog.secrets.masking import mask_text


class MaskingFormatter(logging.Formatter):
    """Formatter that masks secrets in records and their tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text without secrets."""
        return mask_text(super().format(record))
