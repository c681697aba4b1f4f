"""Checks of the settings of ecommerce and discovery, since the services accept anything."""

import re
from collections.abc import Mapping
from typing import Any

from ocim.catalog import discovery_search
from ocim.catalog.releases import of_instance, traits
from ocim.catalog.shop import currency
from ocim.catalog.shop.prices import unreadable_prices
from ocim.catalog.shop.processors import (
    PROCESSORS,
    TEST_CARD,
    missing_keys,
    required_keys,
)
from ocim.catalog.shop.shop import (
    CONFIG,
    keys_by_partner,
    partner_code,
    shop_of,
)
from ocim.catalog.templates import is_template
from ocim.core.errors import ValidationError
from ocim.core.instance import Instance, Service
from ocim.core.provisioning import BUILTIN, TUTOR
from ocim.core.texts import listed

PARTNER_CODE = re.compile(r"[A-Za-z0-9_-]{1,8}")
"""Valid partner codes. A longer one leaves half a partner in MySQL, which breaks later runs."""
_OWN_CLASSES = "TUTOR_ECOMMERCE_EXTRA_PAYMENT_PROCESSOR_CLASSES"
"""Variable with further payment processors, which only the shop's image knows."""
_CLIENT = re.compile(r"(ECOMMERCE|DISCOVERY)_(SOCIAL_AUTH|BACKEND_SERVICE)_EDX_\w+_(KEY|SECRET)")


def require(instance: Instance, variables: Mapping[str, Any]) -> None:
    """Raise ValidationError with all faults that keep ecommerce or discovery from working."""
    if problems := faults(instance, variables):
        raise ValidationError(problems)


def faults(instance: Instance, variables: Mapping[str, Any]) -> list[str]:
    """Return all faults in the settings of the instance's ecommerce and discovery."""
    problems = []
    code = partner_code(instance, variables)
    if {Service.ECOMMERCE, Service.DISCOVERY} & instance.services and not PARTNER_CODE.fullmatch(
        code
    ):
        problems.append(
            f"Invalid partner code {code!r}: use 1 to 8 ASCII letters, digits, dashes or"
            " underscores."
        )
    if {Service.ECOMMERCE, Service.DISCOVERY} & instance.services:
        problems += _key_faults(variables)
    if Service.ECOMMERCE in instance.services:
        problems += _processor_faults(instance, code, variables)
        problems += _money_and_mail_faults(instance, variables)
    if (
        Service.DISCOVERY in instance.services
        and "DISCOVERY_ELASTICSEARCH_URL" not in variables
        and instance.configuration_source_repo_url == BUILTIN
    ):
        problems.append(
            "Course Discovery has no search server: create one with `ocim search-server create`, or"
            " register an existing one with `ocim search-server register`."
        )
    return problems


def warnings(instance: Instance, variables: Mapping[str, Any]) -> list[str]:
    """Return warnings about settings that work, but perhaps not as intended."""
    messages = []
    release = of_instance(instance)
    if Service.ECOMMERCE in instance.services:
        if not traits(release).has_ecommerce:
            messages.append(
                f"Open edX {release.text} does not include ecommerce (sumac was the last release"
                " that did): set ECOMMERCE_REPOS and ECOMMERCE_VERSION to a branch that works with"
                " it."
            )
        if not shop_of(instance, variables).processors:
            messages.append("No payment processor: only coupons of 100 % can be redeemed.")
    messages += by_variable(instance, variables).values()
    if Service.DISCOVERY in instance.services:
        if discovery_search.URL not in variables:
            messages.append(
                "Course Discovery has no shared search server: each app server runs its own."
            )
        sells = Service.ECOMMERCE in instance.services
        if not sells and not traits(release).indexes_runs_without_seats:
            messages.append(
                "Course Discovery without ecommerce lists courses, but its search finds none: since"
                " juniper it indexes only course runs with seats, which it reads from ecommerce."
            )
    return messages


def by_variable(instance: Instance, variables: Mapping[str, Any]) -> dict[str, str]:
    """Return the warnings that are about a variable, by its name."""
    if Service.DISCOVERY not in instance.services:
        return {}
    texts = {discovery_search.URL: discovery_search.warning(instance, variables)}
    if Service.ECOMMERCE in instance.services:
        texts["DISCOVERY_VERSION"] = unreadable_prices(variables)
    return {name: text for name, text in texts.items() if text}


def _processor_faults(instance: Instance, code: str, variables: Mapping[str, Any]) -> list[str]:
    if not isinstance(variables.get(CONFIG) or {}, Mapping):
        return []  # a template, whose value is not known here
    config = keys_by_partner(variables)
    problems = [
        f"{CONFIG}: {key!r} is not in lower case, so ecommerce would not find it. Write"
        f" {key.lower()!r}."
        for key in config
        if key != key.lower()
    ]
    if config and code.lower() not in config:
        problems.append(
            f"{CONFIG}: no entry for the partner code {code.lower()!r}, only for"
            f" {', '.join(map(repr, config))}. Every checkout would fail."
        )
    processors = config.get(code.lower()) or {}
    for name, keys in processors.items() if isinstance(processors, Mapping) else ():
        if name in PROCESSORS or not variables.get(_OWN_CLASSES):
            problems += _faults_of_processor(instance, name, keys)
    return problems


def _faults_of_processor(instance: Instance, name: str, keys: object) -> list[str]:
    where, release = f"{CONFIG}: {name}", of_instance(instance)
    if name not in PROCESSORS:
        return [f"{where} is not a payment processor. Use {listed(PROCESSORS, 'or')}."]
    if name not in required_keys(release):
        return [f"{where} does not exist in the ecommerce of {release.text}. Remove it."]
    rehearsing = (BUILTIN, TUTOR)  # whose images may be stand-ins
    if name == TEST_CARD and instance.configuration_source_repo_url not in rehearsing:
        return [f"{where} exists in rehearsals only, not in the real ecommerce. Remove it."]
    if isinstance(keys, str) and is_template(keys):
        return []
    if not isinstance(keys, Mapping):
        return [f"{where} must be a mapping with the processor's keys."]
    missing = missing_keys(name, keys, release)
    return [f"{where} needs values for {', '.join(missing)}."] if missing else []


def _key_faults(variables: Mapping[str, Any]) -> list[str]:
    """Return faults of empty keys: with them, services fail later or accept any signature."""
    problems = [
        f"{name} is empty: neither sign-on nor requests of the service to the LMS would work."
        for name, value in variables.items()
        if _CLIENT.fullmatch(name) and not value
    ]
    if not variables.get("COMMON_JWT_PUBLIC_SIGNING_JWK_SET"):
        problems.append(
            "COMMON_JWT_PUBLIC_SIGNING_JWK_SET is empty: ecommerce would accept tokens that anybody"
            " signed."
        )
    return problems


def _money_and_mail_faults(instance: Instance, variables: Mapping[str, Any]) -> list[str]:
    problems = []
    code = variables.get("ECOMMERCE_OSCAR_DEFAULT_CURRENCY")
    if isinstance(code, str) and not is_template(code) and code not in currency.codes():
        problems.append(
            f"ECOMMERCE_OSCAR_DEFAULT_CURRENCY: {code!r} is not a currency such as GBP."
        )
    pair = ("ECOMMERCE_OSCAR_FROM_EMAIL", "EDXAPP_DEFAULT_FROM_EMAIL")
    addresses = {str(variables.get(name)) for name in pair}
    if len(addresses) > 1 and not any(map(is_template, addresses)):
        problems.append(
            f"{pair[0]} and {pair[1]} differ: {' and '.join(sorted(addresses))}. Set both to the"
            " same address."
        )
    return problems
