"""Browser sessions in memory: a function answers every request."""

import json as texts
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from ocim.core.pages import Hop, Page

MOST = 20
"""Number of redirects that are followed."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrives at the function."""

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; without `status` there is none, because of `error`."""

    status: int | None = 200
    text: str = ""
    location: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    """Time that the answer claims to take; none really passes."""


def nothing(_request: Request) -> Answer:
    """Answer as a server that is not running."""
    return Answer(None, error="connection refused")


class MemoryBrowsers:
    """A source of sessions whose requests are answered by `answer`."""

    def __init__(self, answer: Callable[[Request], Answer] = nothing) -> None:
        self.answer = answer

    @contextmanager
    def open(self, names: Collection[str], connect_to: str) -> Iterator["MemoryBrowser"]:
        """Open a session; names and address make no difference."""
        yield MemoryBrowser(self)


class MemoryBrowser:
    """A session with cookies."""

    def __init__(self, browsers: MemoryBrowsers) -> None:
        self._browsers = browsers
        self._cookies: dict[str, dict[str, str]] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Ask `answer`, follow redirects, and return the last page."""
        # Encode and decode the body, so that a value which JSON cannot hold fails here.
        request = Request(method, url, form or {}, texts.loads(texts.dumps(json)), headers or {})
        hops: list[Hop] = []
        while len(hops) < MOST:
            answer = self._answer(request)
            if not answer.location:
                return Page(
                    request.url,
                    answer.status,
                    answer.text,
                    tuple(hops),
                    answer.error,
                    answer.seconds,
                )
            hops.append(Hop(request.url, answer.status or 0))
            request = Request("GET", urljoin(request.url, answer.location), headers=headers or {})
        return Page(url, error="Exceeded maximum allowed redirects.")

    def _answer(self, request: Request) -> Answer:
        kept = self._cookies.setdefault(urlsplit(request.url).hostname or "", {})
        sent = dict(request.headers)
        token = next((value for name, value in kept.items() if name.endswith("csrftoken")), "")
        if request.method != "GET" and token:
            sent.setdefault("X-CSRFToken", token)
        answer = self._browsers.answer(replace(request, headers=sent, cookies=dict(kept)))
        kept.update(answer.cookies)
        return answer
