"""The prober: one HTTP GET, as a client would make it, with nothing followed or retried."""

import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import httpx

from ocim.core.errors import OcimError
from ocim.core.spec import Probe, ProbeResult

EXCERPT = 2000
"""Characters of the body that are kept."""


class HttpProber:
    """Trusts the system's authorities and those that `authority` returns as PEM (or empty).

    `authority` is asked at each https probe, since a balancer may make its own late.
    """

    def __init__(self, authority: Callable[[], str] = lambda: "") -> None:
        self._authority = authority

    def get(self, probe: Probe) -> ProbeResult:
        """Connect where `connect_to` says, with the URL's name for TLS and in `Host`.

        `timeout` is for each wait (to connect, for the answer to begin) and for reading the body.
        """
        started = time.monotonic()
        try:
            result = self._ask(probe)
        except (OcimError, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            result = ProbeResult(probe, error=_in_words(error, probe))
        return replace(result, seconds=time.monotonic() - started)

    def _ask(self, probe: Probe) -> ProbeResult:
        url = httpx.URL(probe.url)
        verify = _context(self._authority()) if url.scheme == "https" else False
        with (
            httpx.Client(verify=verify, timeout=probe.timeout, trust_env=False) as client,
            client.stream(
                "GET",
                _connecting(url, probe.connect_to),
                headers={"Host": url.netloc.decode("ascii"), "User-Agent": "ocim-probe"},
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            return ProbeResult(
                probe, status=response.status_code, excerpt=_beginning(response, probe.timeout)
            )


def _connecting(url: httpx.URL, connect_to: str) -> httpx.URL:
    if not connect_to:
        return url
    there = httpx.URL(f"{url.scheme}://{connect_to}")
    return url.copy_with(host=there.host, port=there.port)


def _beginning(response: httpx.Response, timeout: float) -> str:
    deadline = time.monotonic() + timeout
    text = ""
    for piece in response.iter_text():
        text += piece
        if len(text) >= EXCERPT:
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("")
    # Databases that keep the excerpt refuse this one character.
    return text[:EXCERPT].replace("\0", "\N{REPLACEMENT CHARACTER}")


@lru_cache(maxsize=4)
def _context(authority: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(cadata=authority)
    return context


def _in_words(error: Exception, probe: Probe) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"timed out after {probe.timeout:g} s"
    return str(error) or type(error).__name__
