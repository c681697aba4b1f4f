"""Notices for people who do not look at the pages."""

from dataclasses import dataclass
from typing import Literal

NoticeKind = Literal["info", "success", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told who do not look; nothing secret is in it."""

    title: str
    text: str
    """Lines."""
    kind: NoticeKind = "info"
