"""Which services there are besides LMS and studio, and where the LMS looks for them."""

from typing import Any

from ocim.catalog.endpoints import public_url
from ocim.catalog.variables.switches import SWITCHES
from ocim.core.instance import Instance, Service


def switches(instance: Instance) -> dict[str, Any]:
    """Upstream's playbook turns on nearly all that it has; here is on what was asked for."""
    wanted = {name: service in instance.services for name, service in SWITCHES.items()}
    return wanted | {
        "SANDBOX_ENABLE_ANALYTICS_API": False,
        "SANDBOX_ENABLE_INSIGHTS": False,
        # The demo partner that upstream makes collides with the instance's own.
        "ecommerce_create_demo_data": False,
        "credentials_create_demo_data": False,
    }


def addresses(instance: Instance) -> dict[str, Any]:
    """Set where the services are off, too: upstream's defaults are addresses of nobody."""
    ecommerce = public_url(instance, Service.ECOMMERCE)
    return {
        "EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT": ecommerce,
        "EDXAPP_ECOMMERCE_API_URL": f"{ecommerce}/api/v2/",
        "EDXAPP_COURSE_CATALOG_API_URL": f"{public_url(instance, Service.DISCOVERY)}/api/v1",
    }
