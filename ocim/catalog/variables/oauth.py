"""OAuth clients that upstream's roles create at the LMS, even for services that are off."""

from typing import Any

from ocim.core.secrets import derive

# The defaults of skipped roles apply, too: their clients would be created with public secrets.
_PREFIXES = ("ECOMMERCE", "DISCOVERY", "INSIGHTS", "CREDENTIALS")
_USES = ("SOCIAL_AUTH_EDX_OIDC", "SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2")
_CLIENTS = (*(f"{prefix}_{use}" for prefix in _PREFIXES for use in _USES), "INSIGHTS_OAUTH2")


def clients(seed: bytes) -> dict[str, Any]:
    """Return id and secret of every client, under the names of all releases."""
    variables: dict[str, Any] = {}
    for name in _CLIENTS:
        # A client's id is no secret, but it must be unique among the clients.
        variables[f"{name}_KEY"] = name.lower().replace("_", "-")
        variables[f"{name}_SECRET"] = derive(seed, f"{name}_SECRET")
    return variables
