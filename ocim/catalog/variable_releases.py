"""Variables that only some releases know."""

from collections.abc import Mapping

from ocim.catalog.releases import NAMES, Release

_CLIENTS = ("ECOMMERCE", "DISCOVERY", "INSIGHTS", "CREDENTIALS")


def _of_clients(*uses: str) -> frozenset[str]:
    parts = [f"{use}_{part}" for use in uses for part in ("KEY", "SECRET")]
    return frozenset(f"{client}_{part}" for client in _CLIENTS for part in parts)


SINCE: Mapping[str, frozenset[str]] = {
    "juniper": _of_clients("SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"),
}
"""Names that appeared with a release."""

UNTIL: Mapping[str, frozenset[str]] = {
    "ironwood": _of_clients("SOCIAL_AUTH_EDX_OIDC"),
}
"""Names that a release was the last to know."""


def is_known(name: str, release: Release) -> bool:
    """Whether the release takes the variable; one that no table here names is taken by all."""
    return not any(
        (name in names and release.position < NAMES.index(since)) for since, names in SINCE.items()
    ) and not any(
        (name in names and release.position > NAMES.index(until)) for until, names in UNTIL.items()
    )
