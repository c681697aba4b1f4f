"""The port of browser sessions on the pages of instances."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ocim.core.pages import Page


class Browser(Protocol):
    """An HTTP session with cookies. HTTP errors are returned, not raised."""

    def request(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Make the request, follow redirects, and return the last page.

        Requests other than GET carry the host's CSRF cookie in a header, as the scripts of pages
        do.
        """


class Browsers(Protocol):
    """The source of browser sessions, which reach instances through the balancer, without DNS."""

    def open(self, names: Collection[str], connect_to: str) -> AbstractContextManager[Browser]:
        """Open a session; requests for `names` (hosts without port) go to that `address:port`."""
