"""What a browser is shown."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hop:
    """An answer that led elsewhere."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Page:
    """Where a request ended. `status` is None where nothing answered; `error` then says why."""

    url: str
    status: int | None = None
    text: str = ""
    hops: tuple[Hop, ...] = ()
    """The redirects that were followed on the way, the first one first."""
    error: str = ""
    seconds: float = 0.0
    """Of the whole way."""

    @property
    def data(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def passed(self, beginning: str) -> bool:
        """Whether it, or a redirect on the way to it, has a URL that begins so."""
        return any(one.startswith(beginning) for one in (*(hop.url for hop in self.hops), self.url))
