"""Browser sessions over HTTP: cookies, redirects and forms, but no scripts and no images."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from ocim.adapters.deadlines import DeadlineTransport, trusting
from ocim.core import stopping
from ocim.core.errors import OcimError
from ocim.core.pages import Hop, Page

TIMEOUT = 60.0
"""Time limit for a request with all its redirects, in seconds."""
LONGEST = 1_000_000
"""Number of characters of a page that are kept."""
CHUNK = 65536
READING = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_COOKIE = "csrftoken"
"""The end of the name of Django's CSRF cookie; a service may put a prefix before it."""


class HttpBrowsers:
    """A source of HTTP sessions that trust the system's authorities and one more.

    `authority` returns that one as PEM, or an empty text.
    """

    def __init__(
        self, authority: Callable[[], str] = lambda: "", *, timeout: float = TIMEOUT
    ) -> None:
        self._authority = authority
        self._timeout = timeout

    @contextmanager
    def open(self, names: Collection[str], connect_to: str) -> Iterator["HttpBrowser"]:
        """Open a session.

        `authority` is called now and not earlier, because a balancer may create its own authority
        late.
        """
        verify = trusting(self._authority())
        limited = DeadlineTransport(self._timeout, verify=verify)
        with httpx.Client(
            transport=Through(limited, frozenset(names), connect_to),
            follow_redirects=True,
            trust_env=False,
            headers={"User-Agent": "ocim-verify"},
        ) as client:
            yield HttpBrowser(client, limited)


class HttpBrowser:
    """An HTTP session with cookies."""

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
        """Make the request and return the last page; its `error` describes a failure."""
        stopping.check()
        started = time.monotonic()
        self._limited.restart()
        sent = {**({} if method in READING else self._against_forgery(url)), **(headers or {})}
        try:
            with self._client.stream(method, url, data=form, json=json, headers=sent) as answer:
                page = _page(answer)
        except (OcimError, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            page = Page(url, error=_message(error))
        return replace(page, seconds=time.monotonic() - started)

    def _against_forgery(self, url: str) -> dict[str, str]:
        host = urlsplit(url).hostname or ""
        tokens = {
            cookie.name: cookie.value or ""
            for cookie in self._client.cookies.jar
            if cookie.name.endswith(CSRF_COOKIE) and host.endswith(cookie.domain.lstrip("."))
        }
        # Services may see the cookies of the LMS, too; their own cookie has the longer name.
        names = sorted(tokens, key=len)
        return {"Referer": url, **({"X-CSRFToken": tokens[names[-1]]} if names else {})}


class Through(httpx.BaseTransport):
    """A transport that connects elsewhere for some hosts; cookies still follow the URL's name."""

    def __init__(
        self, transport: httpx.BaseTransport, names: frozenset[str], connect_to: str
    ) -> None:
        self._transport = transport
        self._names = names
        self._target = httpx.URL(f"https://{connect_to}")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host
        if name not in self._names:
            return self._transport.handle_request(request)
        return self._transport.handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=self._target.host, port=self._target.port),
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
        # PostgreSQL cannot store NUL characters.
        text=_beginning(answer).replace("\0", "\N{REPLACEMENT CHARACTER}"),
        hops=tuple(Hop(str(response.url), response.status_code) for response in answer.history),
    )


def _beginning(answer: httpx.Response) -> str:
    """Return the beginning of a page and read no more: a small body may unpack to a huge one."""
    text = ""
    for piece in answer.iter_text(CHUNK):
        text += piece
        if len(text) >= LONGEST:
            break
    return text[:LONGEST]


def _message(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__
