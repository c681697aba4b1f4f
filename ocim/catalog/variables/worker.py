"""Settings of the shop's worker, which follow other variables."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.releases import of_instance, traits
from ocim.core.instance import Instance, Service

_CLIENT = "BACKEND_SERVICE_EDX_OAUTH2"


def settings(instance: Instance, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variable with all settings of the worker, made of these effective values.

    Up to nutmeg the worker signs its own tokens; from olive on it asks the LMS for one, by the
    shop's client, for which upstream's role has no variable. Releases before juniper have no such
    client: their role's own value is right.
    """
    is_old = "backend" not in traits(of_instance(instance)).clients_per_service
    if is_old or Service.ECOMMERCE not in instance.services:
        return {}
    made = {
        "ECOMMERCE_API_ROOT": values["ECOMMERCE_WORKER_ECOMMERCE_API_ROOT"],
        "MAX_FULFILLMENT_RETRIES": values.get("ECOMMERCE_WORKER_MAX_FULFILLMENT_RETRIES", 11),
        "JWT_SECRET_KEY": values["ECOMMERCE_WORKER_JWT_SECRET_KEY"],
        "JWT_ISSUER": values.get("ECOMMERCE_WORKER_JWT_ISSUER", "ecommerce_worker"),
        f"{_CLIENT}_PROVIDER_URL": f"{values['COMMON_LMS_BASE_URL']}/oauth2",
        f"{_CLIENT}_KEY": values[f"ECOMMERCE_{_CLIENT}_KEY"],
        f"{_CLIENT}_SECRET": values[f"ECOMMERCE_{_CLIENT}_SECRET"],
    }
    # Without a URL, the worker looks for a broker on its own host, as the role's default does.
    if url := values.get("ECOMMERCE_WORKER_BROKER_URL"):
        made["BROKER_URL"] = url
    return {"ECOMMERCE_WORKER_SERVICE_CONFIG": made}
