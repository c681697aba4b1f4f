"""The port of the images that hosts are made from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ocim.core.hosts import Host
from ocim.core.images import Image


class Images(Protocol):
    """The images that a provider makes hosts from.

    Any number of processes may use them at once.
    """

    def base(self) -> str:
        """Return a digest of what a host without an image consists of."""

    def ensure(
        self,
        name: str,
        inputs: Mapping[str, str],
        build: Callable[[Host], None],
        *,
        is_cancelled: Callable[[], bool],
    ) -> bool:
        """Build the image unless it exists; return True if this call built it.

        `build` sets up a bare host, and the image is made of that host. Of several processes that
        need the image at once, one builds it and the others wait. Raise Cancelled once
        `is_cancelled` returns True. No image is left if `build` raises an error or this process
        dies.
        """

    def list(self) -> Sequence[Image]:
        """Return the existing images, newest first."""

    def remove(self, name: str) -> bool:
        """Remove the image unless a host needs it; return True if it was removed."""
