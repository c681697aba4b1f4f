"""What must be right before a shop or a catalogue is installed: the real services take anything."""

import re
from collections.abc import Mapping
from typing import Any

from ocim.catalog.releases import Release, of_instance, traits
from ocim.catalog.shop import currency
from ocim.catalog.shop.shop import CONFIG, partner_code, shop_of
from ocim.catalog.templates import is_template
from ocim.core.errors import ValidationError
from ocim.core.instance import Instance, Service
from ocim.core.provisioning import BUILTIN

PARTNER_CODE = re.compile(r"[A-Za-z0-9_-]{1,8}")
"""On MySQL a longer one leaves half a partner behind, which breaks later, correct runs."""
_CLIENT = re.compile(r"(ECOMMERCE|DISCOVERY)_(SOCIAL_AUTH|BACKEND_SERVICE)_EDX_\w+_(KEY|SECRET)")
TEST_CARD = "test-card"
"""Of rehearsals: it takes no money."""
_STRIPE = ("publishable_key", "secret_key")
KEYS: Mapping[str, tuple[str, ...]] = {
    "paypal": ("mode", "client_id", "client_secret"),
    "stripe": _STRIPE,
    "cybersource": ("merchant_id", "transaction_key"),
    TEST_CARD: (),
}
"""The processors there are, and the keys without which they are an error at checkout."""


def required_keys(processor: str, release: Release) -> tuple[str, ...]:
    """On that release."""
    more = ("country",) if processor == "stripe" and release >= Release.of("juniper.1") else ()
    return KEYS[processor] + more


def require(instance: Instance, variables: Mapping[str, Any]) -> None:
    """ValidationError with all that would keep ecommerce and discovery from working."""
    if found := faults(instance, variables):
        raise ValidationError(found)


def faults(instance: Instance, variables: Mapping[str, Any]) -> list[str]:
    """All that is wrong with the settings of the instance's ecommerce and discovery."""
    found = []
    code = partner_code(instance, variables)
    if {Service.ECOMMERCE, Service.DISCOVERY} & instance.services and not PARTNER_CODE.fullmatch(
        code
    ):
        found.append(
            f"The partner code {code!r} is none: 1 to 8 ASCII letters, digits, dashes, underscores."
        )
    if {Service.ECOMMERCE, Service.DISCOVERY} & instance.services:
        found += _of_keys(variables)
    if Service.ECOMMERCE in instance.services:
        found += _of_processors(instance, code, variables)
        found += _of_money_and_mail(instance, variables)
    if (
        Service.DISCOVERY in instance.services
        and "DISCOVERY_ELASTICSEARCH_URL" not in variables
        and instance.configuration_source_repo_url == BUILTIN
    ):
        found.append(
            "Course discovery has no search server: `ocim search-server create` makes one,"
            " `register` enters one that is there."
        )
    return found


def warnings(instance: Instance, variables: Mapping[str, Any]) -> list[str]:
    """What works, but not as people may think."""
    found = []
    release = of_instance(instance)
    if Service.ECOMMERCE in instance.services:
        if not traits(release).has_ecommerce:
            found.append(
                f"Ecommerce is no part of Open edX after sumac, and this is {release.text}: take"
                " its own repository and a branch that works with it."
            )
        if not shop_of(instance, variables).processors:
            found.append("No payment processor: only coupons of 100 % can be redeemed.")
    if Service.DISCOVERY in instance.services and "DISCOVERY_ELASTICSEARCH_URL" not in variables:
        found.append("Course discovery has no search server but one on every app server.")
    return found


def _of_processors(instance: Instance, code: str, variables: Mapping[str, Any]) -> list[str]:
    config = variables.get(CONFIG) or {}
    if not isinstance(config, Mapping):
        return []  # a template: what it comes to is not known here
    found = [
        f"{CONFIG}: {key!r} is not in lower case, and would never be found."
        for key in config
        if key != key.lower()
    ]
    if config and code.lower() not in config:
        found.append(
            f"{CONFIG} has {', '.join(map(repr, config))}, and not the partner's {code.lower()!r}:"
            " every checkout would fail."
        )
    processors = config.get(code.lower()) or {}
    for name, keys in processors.items() if isinstance(processors, Mapping) else ():
        found += _of_processor(instance, name, keys)
    return found


def _of_processor(instance: Instance, name: str, keys: object) -> list[str]:
    where = f"{CONFIG}: {name}"
    if name not in KEYS:
        return [f"{where} is no payment processor; there are {', '.join(KEYS)}."]
    if name == TEST_CARD and instance.configuration_source_repo_url != BUILTIN:
        return [f"{where} is for rehearsals: the real shop has no such processor."]
    if isinstance(keys, str) and is_template(keys):
        return []
    if not isinstance(keys, Mapping):
        return [f"{where} must have its keys below it."]
    missing = [key for key in required_keys(name, of_instance(instance)) if not keys.get(key)]
    return [f"{where} lacks {', '.join(missing)}."] if missing else []


def _of_keys(variables: Mapping[str, Any]) -> list[str]:
    """The services take empty ones, and fail later; one of them then takes any signature."""
    found = [
        f"{name} is empty: no sign-on, and no call of the service's own, would work."
        for name, value in variables.items()
        if _CLIENT.fullmatch(name) and not value
    ]
    if not variables.get("COMMON_JWT_PUBLIC_SIGNING_JWK_SET"):
        found.append(
            "COMMON_JWT_PUBLIC_SIGNING_JWK_SET is empty: ecommerce would take tokens that anybody"
            " has signed."
        )
    return found


def _of_money_and_mail(instance: Instance, variables: Mapping[str, Any]) -> list[str]:
    found = []
    code = variables.get("ECOMMERCE_OSCAR_DEFAULT_CURRENCY")
    if isinstance(code, str) and not is_template(code) and code not in currency.codes():
        found.append(f"ECOMMERCE_OSCAR_DEFAULT_CURRENCY: {code!r} is no currency such as GBP.")
    pair = ("ECOMMERCE_OSCAR_FROM_EMAIL", "EDXAPP_DEFAULT_FROM_EMAIL")
    addresses = {str(variables.get(name)) for name in pair}
    if len(addresses) > 1 and not any(map(is_template, addresses)):
        found.append(f"{pair[0]} and {pair[1]} differ: {' and '.join(sorted(addresses))}.")
    return found
