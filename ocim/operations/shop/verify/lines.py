"""Lines out of pages: what was seen, in words, and what to do about it."""

import re

from ocim.core.pages import Page
from ocim.core.verification import Line, Outcome

_LEFT_OUT = re.compile(r"(?is)<(head|header|nav|footer|script|style)\b.*?</\1>|<[^>]+>")
LONGEST = 240
"""Characters of a page's text that are shown."""
NOT_FOUND = 404
SERVER_ERROR = 500


class Failed(Exception):
    """A check cannot go on: what it found is `line`."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.name)
        self.line = line


def ok(name: str, compared: str = "", page: Page | None = None) -> Line:
    """All is well."""
    return _line(name, Outcome.OK, compared, page)


def skipped(name: str, compared: str, remedy: str = "", page: Page | None = None) -> Line:
    """It was not looked at."""
    return _line(name, Outcome.SKIPPED, compared, page, remedy)


def failed(name: str, compared: str, remedy: str, page: Page | None = None) -> Line:
    """Something is wrong."""
    return _line(name, Outcome.FAILED, compared, page, remedy)


def require(name: str, page: Page, *statuses: int, remedy: str) -> Page:
    """The page, if it has one of the statuses (200 where none is named); else Failed."""
    if page.status in (statuses or (200,)):
        return page
    expected = " or ".join(map(str, statuses or (200,)))
    if page.status is None:
        raise Failed(failed(name, f"no answer: {page.error}", of_silence(page.error), page))
    compared = f"status {page.status}, expected {expected}: {told(page)}"
    raise Failed(failed(name, compared, remedy, page))


def told(page: Page) -> str:
    """What a page tells people, without what surrounds it."""
    data = page.data
    if isinstance(data, dict) and data:
        text = "; ".join(f"{key}: {value}" for key, value in data.items())
    else:
        text = _LEFT_OUT.sub(" ", page.text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def of_silence(error: str) -> str:
    """What to do where there was no answer."""
    if "expired" in error:
        return (
            "The balancer's certificate has expired: see why it was not renewed in the balancer's"
            " log, and whether its clock is right; `ocim doctor` looks at the balancer."
        )
    if "certificate" in error:
        return (
            "The balancer has no certificate that browsers trust: `ocim doctor` looks at it, and"
            " docs/how-to/run-in-production.md says how it gets one."
        )
    return "`ocim doctor` says whether the balancer runs and the app server's host is up."


def _line(name: str, outcome: Outcome, compared: str, page: Page | None, remedy: str = "") -> Line:
    if page is None:
        return Line(name, outcome, compared, remedy=remedy)
    return Line(name, outcome, compared, without_query(page.url), page.status, remedy)


def without_query(url: str) -> str:
    """An address as it may be kept: queries hold codes and states of sign-ons."""
    return url.partition("?")[0]
