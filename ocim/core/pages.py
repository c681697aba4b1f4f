"""Pages as a browser gets them."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hop:
    """Redirect that was followed."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Page:
    """Final response to a request; `status` is None if there was none, and `error` says why."""

    url: str
    status: int | None = None
    text: str = ""
    hops: tuple[Hop, ...] = ()
    """Redirects that were followed, in their order."""
    error: str = ""
    seconds: float = 0.0
    """Duration of all requests together, in seconds."""

    @property
    def data(self) -> Any:
        """The body as parsed JSON; None if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def passed(self, beginning: str) -> bool:
        """Return True if the URL of the page, or of a redirect to it, starts with `beginning`."""
        urls = (*(hop.url for hop in self.hops), self.url)
        return any(url.startswith(beginning) for url in urls)
