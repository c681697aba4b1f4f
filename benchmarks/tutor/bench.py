"""The bench of all measurements: an engine, shared servers, and an installation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from demo.engine import Engine
from demo.servers import PREFIX
from tests.acceptance.installation import PATIENCE, Installation

RELEASES = {
    "ulmo": "release/ulmo.4",
    "verawood": "release/verawood.1",
    "broken": "release/verawood.1",
}
"""Releases of the images by tag; LMS and studio of `broken` are never healthy."""
MAJORS = {"ulmo": 21, "verawood": 22}


@dataclass(frozen=True)
class Bench:
    """An engine, the addresses of the servers, and an installation that uses both."""

    engine: Engine
    addresses: Mapping[str, str]
    installation: Installation

    def create(self, domain: str, tag: str, *, plugins: Sequence[str] = (), more: str = "") -> str:
        """Create an instance whose app servers run the images of that tag; return its domain."""
        fields = self.fields(tag, plugins=plugins, more=more)
        words = [f"{name}={value}" for name, value in fields.items()]
        self.installation.ocim("instance", "create", domain, *words)
        return domain

    def fields(self, tag: str, *, plugins: Sequence[str] = (), more: str = "") -> dict[str, str]:
        """Return the fields of an instance with the images of that tag."""
        host, _, port = self.addresses["mongodb"].rpartition(":")
        extra = f"""
TUTOR_PLUGINS: [{", ".join(plugins)}]
TUTOR_MONGODB_HOST: {host}
TUTOR_MONGODB_PORT: {port}
TUTOR_DOCKER_IMAGE_OPENEDX: {PREFIX}/openedx:{tag}
TUTOR_DOCKER_IMAGE_CADDY: {PREFIX}/caddy
TUTOR_DOCKER_IMAGE_PERMISSIONS: {PREFIX}/permissions
TUTOR_MFE_DOCKER_IMAGE: {PREFIX}/mfe
{more}"""
        return {"openedx_release": RELEASES[tag], "configuration_extra_settings": extra}

    def spawn(self, domain: str, *words: str) -> None:
        """Spawn app servers of an instance, and wait for their end."""
        self.installation.ocim("appserver", "spawn", domain, *words, timeout=10 * PATIENCE)
