"""Visitors of an instance who count what they get."""

import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import httpx

from ocim.adapters.browsers.http import Through
from tests.acceptance.installation import Installation

TIMEOUT = 30.0
REFUSED = re.compile(r"refused|Timeout|^\d")
BETWEEN = 0.2
"""Seconds that a visitor waits: what they take of two cores is missing where they look at."""


class Traffic:
    """Several visitors, each asking again and again; half keep connections."""

    def __init__(
        self, installation: Installation, domain: str, *, path: str = "/", visitors: int = 4
    ) -> None:
        self._where = installation, domain
        self._path = path
        self._ended = threading.Event()
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self.longest = 0.0
        """Seconds that somebody waited for an answer."""
        self.gap = 0.0
        """Seconds between two good answers, whoever got them."""
        self._last = time.monotonic()
        self._threads = [
            threading.Thread(target=self._visit, args=[number % 2 == 0])
            for number in range(visitors)
        ]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def refused(self) -> list[str]:
        """Failures of visitors whom nobody listened to, or who waited in vain."""
        return [failure for failure in self.failures if REFUSED.search(failure)]

    def _visit(self, keeps_connection: bool) -> None:
        while not self._ended.is_set():
            with Visitor(*self._where) as visitor:
                for _ in range(50 if keeps_connection else 1):
                    self._ask(visitor)
                    if self._ended.wait(BETWEEN):
                        return

    def _ask(self, visitor: "Visitor") -> None:
        began = time.monotonic()
        try:
            answer = visitor.get(self._path)
        except httpx.HTTPError as error:
            self.failures.append(repr(error))
            return
        if answer.status_code == httpx.codes.OK:
            self.answers[served_by(answer.text)] += 1
            now = time.monotonic()
            self.gap = max(self.gap, now - self._last)
            self._last = now
        else:
            self.failures.append(f"{answer.status_code}: {answer.text[:200]}")
        self.longest = max(self.longest, time.monotonic() - began)


class Visitor:
    """A client that trusts the installation's authority, and finds its balancer by no resolver."""

    def __init__(self, installation: Installation, domain: str) -> None:
        port = installation.https_port
        https = httpx.HTTPTransport(verify=_trusting(installation.authority()))
        # URLs have the site's name: cookies that name a domain are kept for no other one.
        self._client = httpx.Client(
            base_url=f"https://{domain}:{port}",
            transport=Through(https, frozenset({domain}), f"127.0.0.1:{port}"),
            timeout=TIMEOUT,
        )

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> httpx.Response:
        """Send one request, and follow no redirect."""
        return self._client.get(path)

    def post(
        self,
        path: str,
        *,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> httpx.Response:
        """Send a form as a browser does, with the token against forged requests."""
        headers = {
            "Referer": str(self._client.base_url),
            "X-CSRFToken": self._client.cookies.get("csrftoken") or "",
        }
        return self._client.post(path, data=data, files=files, headers=headers)


@lru_cache
def _trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


def served_by(page: str) -> str:
    """Return the release that the page shows."""
    result = re.search(r"release <strong>([^<]*)", page)
    return result[1] if result else "unknown"
