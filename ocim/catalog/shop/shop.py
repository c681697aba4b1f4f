"""Partner, currency and payment processors of a shop, read from an instance's variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocim.catalog.shop.processors import WEBHOOK
from ocim.core.instance import Instance
from ocim.core.provisioning import TUTOR

CONFIG = "ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"
"""Variable with the keys of the payment processors, by partner code in lower case."""
CURRENCY = "ECOMMERCE_OSCAR_DEFAULT_CURRENCY"
"""Variable with the currency of the shop."""
DOLLARS = "USD"
"""Upstream's default currency; releases before koa have no variable for it."""
WEBHOOKS = "edx"
"""Partner code under which ecommerce looks for Stripe's keys as it starts, from palm on."""
TUTORS_CODE = "openedx"
"""Partner code that Tutor's plugins give to every shop."""
CLIENT_SIDE = ("stripe",)
"""Processors whose own script reads the number of the card in the browser."""
_CLIENT_SIDE = "TUTOR_ECOMMERCE_ENABLED_CLIENT_SIDE_PAYMENT_PROCESSORS"
"""Variable with an operator's own choice of these, of a shop that Tutor runs."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Partner in ecommerce and discovery, with currency and payment processors."""

    partner_code: str
    partner_name: str
    currency: str
    """Currency code of ISO 4217."""
    processors: tuple[str, ...]
    """Processors that have keys, in their order; the shop offers the first."""
    client_side: str
    """Processor among them that is used on the basket page itself; empty: none."""


def shop_of(instance: Instance, variables: Mapping[str, Any]) -> Shop:
    """Return the shop of an instance with these effective variables."""
    code = partner_code(instance, variables)
    processors = tuple(keys_by_partner(variables).get(code.lower()) or {})
    return Shop(
        partner_code=code,
        partner_name=instance.name,
        currency=str(variables.get(CURRENCY, DOLLARS)).upper(),
        processors=processors,
        client_side=next((name for name in _client_side(variables) if name in processors), ""),
    )


def _client_side(variables: Mapping[str, Any]) -> Sequence[str]:
    chosen = variables.get(_CLIENT_SIDE)
    return [str(name) for name in chosen] if isinstance(chosen, list) else CLIENT_SIDE


def partner_code(instance: Instance, variables: Mapping[str, Any]) -> str:
    """Return the partner code: the instance's, or the only one with keys, or one made of its id.

    Where Tutor provisions, the last is Tutor's: sites that it has made have no other.
    """
    codes = list(keys_by_partner(variables))
    others = [code for code in codes if code != WEBHOOKS] or codes
    only = others[0] if len(others) == 1 else ""
    by_tutor = instance.configuration_source_repo_url == TUTOR
    return instance.partner_code or only or (TUTORS_CODE if by_tutor else f"site{instance.id}")


def keys_by_partner(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the processors' keys by partner code, without what is only there for webhooks.

    Return {} if the whole variable is a template.
    """
    config = variables.get(CONFIG) or {}
    if not isinstance(config, Mapping):
        return {}
    merchants = {
        code: {name: keys for name, keys in processors.items() if not _is_for_webhooks(code, keys)}
        if isinstance(processors, Mapping)
        else processors
        for code, processors in config.items()
    }
    return {
        code: processors for code, processors in merchants.items() if processors or not config[code]
    }


def for_webhooks(secret_key: Any, webhook: Any) -> dict[str, Any]:
    """Return the entry of Stripe's that ecommerce needs in order to start."""
    return {"secret_key": secret_key, WEBHOOK: webhook}


def _is_for_webhooks(code: str, keys: Any) -> bool:
    return code == WEBHOOKS and isinstance(keys, Mapping) and set(keys) == set(for_webhooks("", ""))
