"""What processes log."""

import logging

from ocim.catalog.secrets.masking import mask_text


class MaskingFormatter(logging.Formatter):
    """Takes out of a record, its traceback included, what looks like a secret."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text without secrets."""
        return mask_text(super().format(record))
