"""Lines of a report, made from pages."""

import re

from ocim.core.pages import Page
from ocim.core.texts import shortened
from ocim.core.verification import Line, Outcome

_LEFT_OUT = re.compile(r"(?is)<(head|header|nav|footer|script|style)\b.*?</\1>|<[^>]+>")
LONGEST = 240
"""Number of characters of a page's text that are shown."""
NOT_FOUND = 404
SERVER_ERROR = 500


class Failed(Exception):
    """End of a check that cannot go on; `line` is its result."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.name)
        self.line = line


def ok(name: str, compared: str = "", page: Page | None = None) -> Line:
    """Return the line of a check that passed."""
    return _line(name, Outcome.OK, compared, page)


def skipped(name: str, compared: str, remedy: str = "", page: Page | None = None) -> Line:
    """Return the line of a check that was not possible."""
    return _line(name, Outcome.SKIPPED, compared, page, remedy)


def failed(name: str, compared: str, remedy: str, page: Page | None = None) -> Line:
    """Return the line of a check that failed."""
    return _line(name, Outcome.FAILED, compared, page, remedy)


def require(name: str, page: Page, *statuses: int, remedy: str) -> Page:
    """Return the page. Raise Failed unless it has one of the statuses (default: 200)."""
    if page.status in (statuses or (200,)):
        return page
    expected = " or ".join(map(str, statuses or (200,)))
    if page.status is None:
        raise Failed(failed(name, f"no answer: {page.error}", of_silence(page.error), page))
    compared = f"status {page.status}, expected {expected}: {page_text(page)}"
    raise Failed(failed(name, compared, remedy, page))


def page_text(page: Page) -> str:
    """Return the text of a page, without header and navigation."""
    data = page.data
    if isinstance(data, dict) and data:
        text = "; ".join(f"{key}: {value}" for key, value in data.items())
    else:
        text = _LEFT_OUT.sub(" ", page.text)
    text = " ".join(text.split())
    return shortened(text, LONGEST)


def of_silence(error: str) -> str:
    """Return the remedy for a request without an answer."""
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
    """Return the URL without its query, which may hold codes and states of sign-ons."""
    return url.partition("?")[0]
