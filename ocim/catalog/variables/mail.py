"""Variables of the SMTP relay, with upstream's names; none without a relay."""

from typing import Any

from ocim.catalog.releases import Release, of_instance
from ocim.core.instance import Instance

_OVERRIDES_SINCE = Release.of("lilac.1")
"""First release whose role of ecommerce has a variable for further settings."""


def edxapp(instance: Instance) -> dict[str, Any]:
    """Return the LMS's and the studio's variables."""
    return _prefixed("EDXAPP_", instance)


def discovery(instance: Instance) -> dict[str, Any]:
    """Return Course Discovery's variables."""
    return _prefixed("DISCOVERY_", instance)


def ecommerce(instance: Instance) -> dict[str, Any]:
    """Return the variable with ecommerce's settings, which has none for mail alone."""
    if instance.mail is None or of_instance(instance) < _OVERRIDES_SINCE:
        return {}
    return {"ECOMMERCE_EXTRA_CONFIG_OVERRIDES": _prefixed("", instance)}


def _prefixed(prefix: str, instance: Instance) -> dict[str, Any]:
    relay = instance.mail
    if relay is None:
        return {}
    return {
        f"{prefix}EMAIL_HOST": relay.host,
        f"{prefix}EMAIL_PORT": relay.port,
        f"{prefix}EMAIL_USE_TLS": relay.starttls,
        f"{prefix}EMAIL_HOST_USER": relay.user,
        f"{prefix}EMAIL_HOST_PASSWORD": relay.password,
    }
