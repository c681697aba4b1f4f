"""A balancer in memory; tests ask it where a request would go."""

from ocim.core.balancers import Access
from ocim.core.errors import TransientError
from ocim.core.routing import Routing, Site, check_routing, check_version


class MemoryBalancer:
    """A balancer that serves the routing that was applied last.

    Every call raises TransientError while `running` is False.
    """

    kind = "memory"

    def __init__(self) -> None:
        self.running = True
        self.routing = Routing(())
        self.way = Access("memory")
        self.history: list[Routing] = []
        """The routings that were applied, oldest first."""

    def apply(self, routing: Routing) -> None:
        """Check the routing and keep it."""
        self._answer()
        check_routing(routing)
        check_version(routing.version, self.routing.version)
        self.routing = routing
        self.history.append(routing)

    def is_applied(self, digest: str) -> bool:
        """Return True if the last routing has that digest."""
        self._answer()
        return self.routing.digest == digest

    def authority(self) -> str:
        """Return an empty text: there is no TLS."""
        return ""

    def access(self) -> Access:
        """Return the access that tests have set."""
        self._answer()
        return self.way

    def site(self, host: str) -> Site | None:
        """Return the site of a host name; None if no site has that name."""
        name = host.partition(":")[0].lower()
        sites = (s for s in self.routing.sites if name in (d.lower() for d in s.domains))
        return next(sites, None)

    def route(self, host: str) -> tuple[str, ...]:
        """Return the upstreams that share a host's requests.

        None for a holding page or unknown name.
        """
        site = self.site(host)
        return site.upstreams if site else ()

    def _answer(self) -> None:
        if not self.running:
            raise TransientError("The balancer is not running.", remedy="Set `running` to True.")
