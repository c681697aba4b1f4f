"""What an instance's shop sells for, and how it is paid: read from its variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocim.core.instance import Instance

CONFIG = "ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"
CURRENCY = "ECOMMERCE_OSCAR_DEFAULT_CURRENCY"
DOLLARS = "USD"
"""Upstream's default, in whose releases before koa there is no variable for it."""
CLIENT_SIDE = ("stripe",)
"""The processors whose own script reads the card's number in the browser."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The partner, in ecommerce and in discovery, and what it takes."""

    partner_code: str
    partner_name: str
    currency: str
    """Of ISO 4217."""
    processors: tuple[str, ...]
    """Those that have keys, in their order: the first is the one that is offered."""
    client_side: str
    """The one of them that is used on the basket's own page; or none."""


def shop_of(instance: Instance, variables: Mapping[str, Any]) -> Shop:
    """By the instance's effective variables, which say it last."""
    config = variables.get(CONFIG) or {}
    code = partner_code(instance, variables)
    processors = tuple(config.get(code.lower()) or {})
    return Shop(
        partner_code=code,
        partner_name=instance.name,
        currency=str(variables.get(CURRENCY, DOLLARS)).upper(),
        processors=processors,
        client_side=next((one for one in CLIENT_SIDE if one in processors), ""),
    )


def partner_code(instance: Instance, variables: Mapping[str, Any]) -> str:
    """The instance's own, or the only one that its settings have keys for, or one by its id."""
    config = variables.get(CONFIG) or {}
    only = next(iter(config), "") if len(config) == 1 else ""
    return instance.partner_code or only or f"site{instance.id}"
