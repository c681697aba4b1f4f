"""Variables that enable services besides LMS and studio, and their addresses at the LMS."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.endpoints import public_url
from ocim.catalog.variables.types import as_flag
from ocim.core.instance import ALWAYS, Instance, Service

SWITCHES: Mapping[str, Service] = {
    "SANDBOX_ENABLE_ECOMMERCE": Service.ECOMMERCE,
    "SANDBOX_ENABLE_DISCOVERY": Service.DISCOVERY,
}
"""Services by the variable that enables them."""


def services_of(variables: Mapping[str, Any]) -> frozenset[Service]:
    """Return the services that these variables enable.

    A value that is neither true nor false counts as off; `check_extra_settings` rejects it.
    """
    return ALWAYS | {service for name, service in SWITCHES.items() if as_flag(variables.get(name))}


def switches(instance: Instance) -> dict[str, Any]:
    """Return the switches: on for the instance's services, off for all others of the playbook."""
    wanted = {name: service in instance.services for name, service in SWITCHES.items()}
    return wanted | {
        "SANDBOX_ENABLE_ANALYTICS_API": False,
        "SANDBOX_ENABLE_INSIGHTS": False,
        # Upstream's demo partner would collide with the instance's own.
        "ecommerce_create_demo_data": False,
        "credentials_create_demo_data": False,
    }


def addresses(instance: Instance) -> dict[str, Any]:
    """Return the addresses, even of disabled services: upstream's defaults are invalid."""
    ecommerce = public_url(instance, Service.ECOMMERCE)
    return {
        "EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT": ecommerce,
        "EDXAPP_ECOMMERCE_API_URL": f"{ecommerce}/api/v2/",
        "EDXAPP_COURSE_CATALOG_API_URL": f"{public_url(instance, Service.DISCOVERY)}/api/v1",
    }
