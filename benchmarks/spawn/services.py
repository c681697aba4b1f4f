"""Instances to measure with: with LMS and studio only, and with all services."""

from collections.abc import Mapping

from tests.acceptance.installation import Installation

ALL = "SANDBOX_ENABLE_ECOMMERCE: true\nSANDBOX_ENABLE_DISCOVERY: true\n"
SETS: Mapping[str, Mapping[str, str]] = {
    "LMS and studio": {},
    "all services": {"configuration_extra_settings": ALL},
}
"""Fields of an instance by the services that it has."""


def make_search_server(installation: Installation, provider: str) -> None:
    """Create the search server that discovery needs; it outlives the instances."""
    installation.ocim("search-server", "create", "search", "--provider", provider)
