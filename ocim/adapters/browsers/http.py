"""Browsers by HTTP: cookies, redirects and forms, but no scripts and no pictures."""

import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from ocim.adapters.deadlines import DeadlineTransport
from ocim.core import stopping
from ocim.core.errors import OcimError
from ocim.core.pages import Hop, Page

TIMEOUT = 60.0
"""Seconds for a request as a whole, with all redirects."""
LONGEST = 1_000_000
"""Characters of a page that are kept."""
CHUNK = 65536
READING = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_COOKIE = "csrftoken"
"""How the names of Django's cookie end, whatever a service puts before it."""


class HttpBrowsers:
    """Trust the system's authorities and those that `authority` returns as PEM (or empty)."""

    def __init__(
        self, authority: Callable[[], str] = lambda: "", *, timeout: float = TIMEOUT
    ) -> None:
        self._authority = authority
        self._timeout = timeout

    @contextmanager
    def open(self, names: Collection[str], connect_to: str) -> Iterator["HttpBrowser"]:
        """The authority is asked for now, since a balancer may make its own late."""
        verify = _context(self._authority())
        limited = DeadlineTransport(self._timeout, verify=verify)
        with httpx.Client(
            transport=_Through(limited, frozenset(names), connect_to),
            follow_redirects=True,
            trust_env=False,
            headers={"User-Agent": "ocim-verify"},
        ) as client:
            yield HttpBrowser(client, limited)


class HttpBrowser:
    """One visitor."""

    def __init__(self, client: httpx.Client, limited: DeadlineTransport) -> None:
        self._client = client
        self._limited = limited

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
        stopping.check()
        started = time.monotonic()
        self._limited.restart()
        sent = {**({} if method in READING else self._against_forgery(url)), **(headers or {})}
        try:
            with self._client.stream(method, url, data=form, json=json, headers=sent) as answer:
                page = _page(answer)
        except (OcimError, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            page = Page(url, error=_in_words(error))
        return replace(page, seconds=time.monotonic() - started)

    def _against_forgery(self, url: str) -> dict[str, str]:
        host = urlsplit(url).hostname or ""
        tokens = {
            cookie.name: cookie.value or ""
            for cookie in self._client.cookies.jar
            if cookie.name.endswith(CSRF_COOKIE) and host.endswith(cookie.domain.lstrip("."))
        }
        # A service's own name for it is longer than that of the LMS, whose cookies it may see.
        names = sorted(tokens, key=len)
        return {"Referer": url, **({"X-CSRFToken": tokens[names[-1]]} if names else {})}


class _Through(httpx.BaseTransport):
    """Connects elsewhere for some hosts: below the client, whose cookies go by the URL's name."""

    def __init__(
        self, transport: httpx.BaseTransport, names: frozenset[str], connect_to: str
    ) -> None:
        self._transport = transport
        self._names = names
        self._there = httpx.URL(f"https://{connect_to}")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host
        if name not in self._names:
            return self._transport.handle_request(request)
        return self._transport.handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=self._there.host, port=self._there.port),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": name},
            )
        )

    def close(self) -> None:
        self._transport.close()


def _page(answer: httpx.Response) -> Page:
    return Page(
        url=str(answer.url),
        status=answer.status_code,
        # Databases that keep it refuse this one character.
        text=_beginning(answer).replace("\0", "\N{REPLACEMENT CHARACTER}"),
        hops=tuple(Hop(str(one.url), one.status_code) for one in answer.history),
    )


def _beginning(answer: httpx.Response) -> str:
    """Read what is kept of a page, and no more: a small body may be unpacked without end."""
    text = ""
    for piece in answer.iter_text(CHUNK):
        text += piece
        if len(text) >= LONGEST:
            break
    return text[:LONGEST]


@lru_cache(maxsize=4)
def _context(authority: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(cadata=authority)
    return context


def _in_words(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__
