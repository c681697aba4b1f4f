"""The variables that say which services an instance has besides LMS and studio."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.variables.types import as_flag
from ocim.core.instance import ALWAYS, Service

SWITCHES: Mapping[str, Service] = {
    "SANDBOX_ENABLE_ECOMMERCE": Service.ECOMMERCE,
    "SANDBOX_ENABLE_DISCOVERY": Service.DISCOVERY,
}


def services_of(variables: Mapping[str, Any]) -> frozenset[Service]:
    """The services that are on where these variables are in force.

    What is neither true nor false counts as off; `check_extra_settings` refuses it.
    """
    return ALWAYS | {service for name, service in SWITCHES.items() if as_flag(variables.get(name))}
