"""Set-up steps at ecommerce: the site with its partner, and switches."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.endpoints import public_host, public_url
from ocim.catalog.secrets.names import is_secret_name
from ocim.catalog.steps.clients import Client, clients_of
from ocim.catalog.steps.step import (
    Command,
    Fields,
    Observation,
    Script,
    Step,
    StepAction,
    StepInputs,
    flag_words,
)
from ocim.core.instance import Service
from ocim.core.secrets import Secret

_SWITCHES_WITHOUT_VALUE = ("--send-refund-notifications",)
"""Flags among those of True that take no value; others take any text, even `false`, for true."""
_WITHOUT_EFFECT = ("--disable-otto-receipt-page",)
"""Flags that the command accepts and ignores."""
_BASKET_ELSEWHERE = "--enable-microfrontend-for-basket-page"
_BASKET_URL = "--payment-microfrontend-url"

# Site.


def _wanted_site(inputs: StepInputs) -> Fields:
    shop, instance = inputs.shop, inputs.instance
    fields: Fields = {
        "--site-domain": public_host(instance, Service.ECOMMERCE),
        "--site-name": instance.name,
        "--partner-code": shop.partner_code,
        "--partner-name": shop.partner_name,
        "--lms-url-root": public_url(instance, Service.LMS),
        "--payment-processors": ",".join(shop.processors),
        "--client-side-payment-processor": shop.client_side,
        "--from-email": str(inputs.variables["EDXAPP_DEFAULT_FROM_EMAIL"]),
        "--discovery_api_url": f"{public_url(instance, Service.DISCOVERY)}/api/v1",
    }
    fields = {flag: value for flag, value in fields.items() if flag in inputs.traits.site_flags}
    for client, id_flag, secret_flag in _clients_in_flags(inputs):
        fields[id_flag] = client.client_id
        fields[secret_flag] = inputs.fingerprint(client.secret)
    return fields


def _clients_in_flags(inputs: StepInputs) -> list[tuple[Client, str, str]]:
    flags = inputs.traits.site_client_flags
    clients = [client for client in clients_of(inputs) if client.service == Service.ECOMMERCE]
    return list(zip(clients, flags[::2], flags[1::2], strict=True))


def _site_arguments(inputs: StepInputs) -> Mapping[str, Any]:
    oauth: dict[str, Any] = {}
    for client, id_flag, secret_flag in _clients_in_flags(inputs):
        prefix = {"sign-on": "SOCIAL_AUTH", "backend": "BACKEND_SERVICE"}[client.use]
        kind = "OIDC" if inputs.traits.sign_on_backend == "edx-oidc" else "OAUTH2"
        oauth[id_flag] = (f"{prefix}_EDX_{kind}_KEY", None)
        mark = (client.secret, inputs.fingerprint(client.secret))
        oauth[secret_flag] = (f"{prefix}_EDX_{kind}_SECRET", mark)
    wanted = {"--site-id", *_WITHOUT_EFFECT, *_wanted_site(inputs)}
    return {
        "domain": public_host(inputs.instance, Service.ECOMMERCE),
        "oauth": oauth,
        "kept": [flag for flag in inputs.traits.site_flags if flag not in wanted],
    }


def _make_site(inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    secrets = {flag: client.secret for client, _, flag in _clients_in_flags(inputs)}
    values = {**fields, **secrets}
    if observed.get("site_id"):
        values["--site-id"] = observed["site_id"]
    # A flag that is left out sets back what an operator has set in the admin.
    values |= {flag: _repeated(flag, value) for flag, value in observed.get("kept", {}).items()}
    flags = [flag for flag in inputs.traits.site_flags if flag in values]
    words = ("create_or_update_site", *flag_words(flags, values))
    return [
        Command(Service.ECOMMERCE, words, then=_address_of_basket(values)),
        *_rename_partner(values, observed["fields"] or {}),
    ]


def _repeated(flag: str, value: object) -> object:
    if value is True:
        return True if flag in _SWITCHES_WITHOUT_VALUE else "true"
    return Secret(str(value)) if is_secret_name(flag) else value


def _rename_partner(values: Fields, present: Fields) -> list[StepAction]:
    """Return the action for a partner whose short code or name differ; the command leaves both."""
    code, name = values["--partner-code"], values["--partner-name"]
    if not present or (present.get("--partner-code"), present.get("--partner-name")) == (
        code,
        name,
    ):
        return []
    words = (
        f"In the shop's admin, at /admin/partner/partner/, give the partner with the code {code}"
        f" the short code {code} and the name {name}."
    )
    return [Script(Service.ECOMMERCE, "ecommerce.set_partner", {"code": code, "name": name}, words)]


def _address_of_basket(values: Fields) -> Script | None:
    """Return the script for a microfrontend that is off: the command then empties its address."""
    url, domain = values.get(_BASKET_URL), values["--site-domain"]
    if not url or values.get(_BASKET_ELSEWHERE):
        return None
    words = (
        "In the shop's admin, at /admin/core/siteconfiguration/, give the configuration of the site"
        f" {domain} the payment microfrontend URL {url}."
    )
    return Script(Service.ECOMMERCE, "ecommerce.keep_basket", {"domain": domain, "url": url}, words)


# Payment.


PUBLICATION = "publish_course_modes_to_lms"
"""Switch without which the shop does not save courses."""


def _switches(inputs: StepInputs) -> Fields:
    processors = [f"payment_processor_active_{name}" for name in inputs.shop.processors]
    return dict.fromkeys([PUBLICATION, *processors], True)


def _switch_on(_inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    present = observed["fields"]
    return [
        Command(Service.ECOMMERCE, ("waffle_switch", name, "on" if on else "off", "--create"))
        for name, on in fields.items()
        if present.get(name) != on
    ]


STEPS = (
    Step(
        name="site",
        about="site, partner and sign-on of the shop",
        services=frozenset({Service.ECOMMERCE}),
        observed_by=Service.ECOMMERCE,
        observer="ecommerce.site",
        wanted=_wanted_site,
        observer_arguments=_site_arguments,
        actions=_make_site,
        essential=lambda flag: (
            flag
            not in (
                "--site-name",
                "--partner-name",
                "--from-email",
                "--client-side-payment-processor",
            )
        ),
        public=True,
    ),
    Step(
        name="switches",
        about="switches of the shop, for payment processors and for publishing courses to the LMS",
        services=frozenset({Service.ECOMMERCE}),
        observed_by=Service.ECOMMERCE,
        observer="ecommerce.switches",
        wanted=_switches,
        observer_arguments=lambda inputs: {"names": list(_switches(inputs))},
        actions=_switch_on,
    ),
)
