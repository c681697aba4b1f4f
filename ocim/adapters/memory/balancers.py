"""A balancer in memory that can be asked where a request would go."""

from ocim.core.errors import TransientError
from ocim.core.routing import Routing, Site, check_routing


class MemoryBalancer:
    """Serves the routing that was applied last; `running = False` lets every call fail."""

    kind = "memory"

    def __init__(self) -> None:
        self.running = True
        self.routing = Routing(())
        self.history: list[Routing] = []
        """All that was applied, oldest first."""

    def apply(self, routing: Routing) -> None:
        """Take it as it is."""
        self._answer()
        check_routing(routing)
        self.routing = routing
        self.history.append(routing)

    def is_applied(self, digest: str) -> bool:
        """Compare with the last."""
        self._answer()
        return self.routing.digest == digest

    def authority(self) -> str:
        """Nothing is signed here."""
        return ""

    def site(self, host: str) -> Site | None:
        """The site that requests for a host name belong to; None: the name is unknown."""
        name = host.partition(":")[0].lower()
        found = (s for s in self.routing.sites if name in (d.lower() for d in s.domains))
        return next(found, None)

    def route(self, host: str) -> tuple[str, ...]:
        """The upstreams that share its requests; none: the holding page, or an unknown name."""
        site = self.site(host)
        return site.upstreams if site else ()

    def _answer(self) -> None:
        if not self.running:
            raise TransientError("The balancer is not running.", remedy="Set `running` to True.")
