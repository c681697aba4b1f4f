"""A prober that makes one HTTP GET request, without redirects and retries."""

import time
from collections.abc import Callable
from dataclasses import replace

import httpx

from ocim.adapters.deadlines import DeadlineTransport, trusting
from ocim.core.errors import OcimError
from ocim.core.health import Probe, ProbeResult


class HttpProber:
    """A prober that trusts the system's authorities and one more.

    `authority` returns that one as PEM, or an empty text. It is called for each https probe,
    because a balancer may create its own authority late.
    """

    def __init__(self, authority: Callable[[], str] = lambda: "") -> None:
        self._authority = authority

    def get(self, probe: Probe) -> ProbeResult:
        """Connect to `connect_to`, but use the URL's name for TLS and in the `Host` header."""
        started = time.monotonic()
        try:
            result = self._ask(probe)
        except httpx.TimeoutException:
            late = f"timed out after {probe.timeout:g} s"
            result = ProbeResult(probe, error=late, timed_out=True)
        except (OcimError, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            result = ProbeResult(probe, error=str(error) or type(error).__name__)
        return replace(result, seconds=time.monotonic() - started)

    def _ask(self, probe: Probe) -> ProbeResult:
        url = httpx.URL(probe.url)
        verify = trusting(self._authority()) if url.scheme == "https" else None
        transport = DeadlineTransport(probe.timeout, verify=verify)
        with (
            httpx.Client(transport=transport, trust_env=False) as client,
            client.stream(
                "GET",
                _connecting(url, probe.connect_to),
                headers={
                    "Host": url.netloc.decode("ascii"),
                    "User-Agent": "ocim-probe",
                    # A small compressed body may unpack to a huge one.
                    "Accept-Encoding": "identity",
                },
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            body, error = _read(response, probe.longest)
            return ProbeResult(
                probe,
                status=response.status_code,
                error=error,
                body=body,
                content_type=response.headers.get("Content-Type", ""),
            )


def _connecting(url: httpx.URL, connect_to: str) -> httpx.URL:
    if not connect_to:
        return url
    target = httpx.URL(f"{url.scheme}://{connect_to}")
    return url.copy_with(host=target.host, port=target.port)


def _read(response: httpx.Response, longest: int) -> tuple[str, str]:
    """Return at most `longest` bytes of the body, and what is wrong with it."""
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        return "", f"its body is compressed ({encoding[:20]}), though the probe did not allow that"
    read = b""
    for piece in response.iter_raw():
        read += piece
        if len(read) > longest:
            return _decoded(read[:longest]), f"its body is longer than {longest:,} bytes"
    try:
        read.decode()
    except UnicodeDecodeError:
        return _decoded(read), "its body is not UTF-8"
    return _decoded(read), ""


def _decoded(read: bytes) -> str:
    # PostgreSQL cannot store NUL characters.
    return read.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
