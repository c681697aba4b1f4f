"""The port of the balancer between visitors and app servers."""

from typing import Protocol

from ocim.core.balancers import Access
from ocim.core.routing import Routing


class Balancer(Protocol):
    """A balancer sends requests for public names to app servers, over TLS."""

    kind: str

    def apply(self, routing: Routing) -> None:
        """Replace the whole routing in one step, without dropping a request.

        Raise LostClaim if a newer one was applied, ValidationError if it contradicts itself.
        """

    def is_applied(self, digest: str) -> bool:
        """Return True if the balancer serves the routing with that digest now."""

    def authority(self) -> str:
        """Return the PEM certificate that clients must trust; empty if a public authority signs."""

    def access(self) -> Access:
        """Return how managers reach the balancer, and what protects that."""
