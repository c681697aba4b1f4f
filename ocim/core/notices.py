"""Notices to operators who do not watch the pages."""

from dataclasses import dataclass
from typing import Literal

NoticeKind = Literal["info", "success", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Message to operators; it contains no secrets."""

    title: str
    text: str
    """Body of the message, of one or more lines."""
    kind: NoticeKind = "info"
