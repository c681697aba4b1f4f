"""Variables that exist only in some releases."""

from collections.abc import Mapping

from ocim.catalog.releases import NAMES, Release

_CLIENTS = ("ECOMMERCE", "DISCOVERY", "INSIGHTS", "CREDENTIALS")


def _of_clients(*uses: str) -> frozenset[str]:
    parts = [f"{use}_{part}" for use in uses for part in ("KEY", "SECRET")]
    return frozenset(f"{client}_{part}" for client in _CLIENTS for part in parts)


SINCE: Mapping[str, frozenset[str]] = {
    # Before, a set-up step adds discovery's job to the crontab.
    "ironwood": frozenset({"EDXAPP_ADDITIONAL_CRON_JOBS"}),
    "juniper": _of_clients("SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"),
}
"""Names by the release that introduced them."""

UNTIL: Mapping[str, frozenset[str]] = {
    "ironwood": _of_clients("SOCIAL_AUTH_EDX_OIDC"),
}
"""Names by the last release that knows them."""


def unknown_to(release: Release) -> frozenset[str]:
    """Return the names in these tables that the release does not know."""
    too_new = (names for since, names in SINCE.items() if release.position < NAMES.index(since))
    too_old = (names for until, names in UNTIL.items() if release.position > NAMES.index(until))
    return frozenset().union(*too_new, *too_old)
