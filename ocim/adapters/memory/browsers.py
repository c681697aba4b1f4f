"""Browsers that go nowhere: what they are shown is a function's answer."""

import json as texts
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from ocim.core.pages import Hop, Page

MOST = 20
"""Redirects that are followed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrives."""

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back; `status` None: nothing, because of `error`."""

    status: int | None = 200
    text: str = ""
    location: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    """None of which really pass."""


def nothing(_asked: Asked) -> Answer:
    """The answer of nobody."""
    return Answer(None, error="connection refused")


class MemoryBrowsers:
    """Every request is answered by `answer`."""

    def __init__(self, answer: Callable[[Asked], Answer] = nothing) -> None:
        self.answer = answer

    @contextmanager
    def open(self, names: Collection[str], connect_to: str) -> Iterator["MemoryBrowser"]:
        """Names and address make no difference here."""
        yield MemoryBrowser(self)


class MemoryBrowser:
    """One visitor."""

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
        """As the port says."""
        # What is sent as JSON arrives as such.
        asked = Asked(method, url, form or {}, texts.loads(texts.dumps(json)), headers or {})
        hops: list[Hop] = []
        while len(hops) < MOST:
            answer = self._answer(asked)
            if not answer.location:
                return Page(
                    asked.url, answer.status, answer.text, tuple(hops), answer.error, answer.seconds
                )
            hops.append(Hop(asked.url, answer.status or 0))
            asked = Asked("GET", urljoin(asked.url, answer.location), headers=headers or {})
        return Page(url, error="Exceeded maximum allowed redirects.")

    def _answer(self, asked: Asked) -> Answer:
        kept = self._cookies.setdefault(urlsplit(asked.url).hostname or "", {})
        sent = dict(asked.headers)
        token = next((value for name, value in kept.items() if name.endswith("csrftoken")), "")
        if asked.method != "GET" and token:
            sent.setdefault("X-CSRFToken", token)
        answer = self._browsers.answer(replace(asked, headers=sent, cookies=dict(kept)))
        kept.update(answer.cookies)
        return answer
