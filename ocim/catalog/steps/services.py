"""Set-up steps at ecommerce and discovery: site, partner, payment, indexes, the hourly job."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.endpoints import public_host, public_url
from ocim.catalog.steps.lms import SHOP, Client, clients_of
from ocim.catalog.steps.step import (
    Command,
    Crontab,
    Fields,
    Observation,
    Step,
    StepAction,
    StepInputs,
)
from ocim.catalog.variables import discovery
from ocim.core.instance import Service
from ocim.core.secrets import Secret

CATALOGUE = frozenset({Service.DISCOVERY})
SITE_ID = 1
"""Id of discovery's site: Django's first one, which its settings name."""
_FRONTEND = ("--enable-microfrontend-for-basket-page", "--payment-microfrontend-url")

# Ecommerce's site.


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
    return {"domain": public_host(inputs.instance, Service.ECOMMERCE), "oauth": oauth}


def _make_site(inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    secrets = {flag: client.secret for client, _, flag in _clients_in_flags(inputs)}
    values = {**fields, **secrets}
    if observed.get("site_id"):
        values["--site-id"] = observed["site_id"]
    if observed.get("microfrontend"):  # any value enables the first flag
        values |= dict(zip(_FRONTEND, ("true", observed["microfrontend"]), strict=True))
    flags = [flag for flag in inputs.traits.site_flags if flag in values]
    return [Command(Service.ECOMMERCE, ("create_or_update_site", *_words(flags, values)))]


def _words(flags: list[str], values: Fields) -> list[str | Secret]:
    """Return `--flag=value` for each flag, since a value may start with a dash."""
    words: list[str | Secret] = []
    for flag in flags:
        value = values[flag]
        if isinstance(value, Secret):
            words.append(Secret(f"{flag}={value.reveal()}"))
        else:
            words.append(f"{flag}={value}")
    return words


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


# Discovery's partner.


def _wanted_partner(inputs: StepInputs) -> Fields:
    instance, shop = inputs.instance, inputs.shop
    lms, studio = public_url(instance, Service.LMS), public_url(instance, Service.STUDIO)
    sells = inputs.has(Service.ECOMMERCE)
    urls = {
        "--courses-api-url": f"{lms}/api/courses/v1/",
        "--ecommerce-api-url": f"{public_url(instance, Service.ECOMMERCE)}/api/v2/" * sells,
        "--organizations-api-url": f"{lms}/api/organizations/v0/",
        "--lms-url": lms,
        "--lms-coursemode-api-url": f"{lms}/api/course_modes/v1/",
        "--studio-url": studio,
        "--oidc-url-root": f"{lms}/oauth2",
    }
    fields: Fields = {
        "--site-domain": public_host(instance, Service.DISCOVERY),
        "--code": shop.partner_code,
        "--name": shop.partner_name,
        **{flag: url for flag, url in urls.items() if flag in inputs.traits.partner_flags},
    }
    if "--oidc-key" in inputs.traits.partner_flags:
        client = _sign_on_of_discovery(inputs)
        fields["--oidc-key"] = client.client_id
        fields["--oidc-secret"] = inputs.fingerprint(client.secret)
    return fields


def _sign_on_of_discovery(inputs: StepInputs) -> Client:
    return next(client for client in clients_of(inputs) if client.key == "discovery.sign-on")


def _partner_arguments(inputs: StepInputs) -> Mapping[str, Any]:
    """Return all flags of the release; those without a value of Ocim's keep their values."""
    known = ("--site-id", "--site-domain", "--code", "--name")
    flags: dict[str, Any] = {
        flag: None for flag in inputs.traits.partner_flags if flag not in known
    }
    if "--oidc-secret" in flags:
        secret = _sign_on_of_discovery(inputs).secret
        flags["--oidc-secret"] = (secret, inputs.fingerprint(secret))
    return {"site_id": SITE_ID, "flags": flags}


def _make_partner(inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    present = {flag: value for flag, value in (observed["fields"] or {}).items() if value}
    values: Fields = {**present, **fields, "--site-id": SITE_ID}
    if "--oidc-secret" in values:
        values["--oidc-secret"] = _sign_on_of_discovery(inputs).secret
    flags = [flag for flag in inputs.traits.partner_flags if flag in values]
    return [Command(Service.DISCOVERY, ("create_or_update_partner", *_words(flags, values)))]


# Indexes and the hourly job.


def aliases_wanted(inputs: StepInputs) -> str:
    """Return the alias of the release's index, or (ending in `_`) the prefix of its aliases."""
    name = str(inputs.variables.get("DISCOVERY_ELASTICSEARCH_INDEX_NAME", "catalog"))
    return f"{name}_" if "install_es_indexes" in inputs.traits.index_commands else name


def _fill(inputs: StepInputs, _fields: Fields, _observed: Observation) -> list[StepAction]:
    *before, update = inputs.traits.index_commands
    # The refresh writes only to the database. `update_index` would reject the change from an empty
    # index to a full one, as too large.
    commands: list[tuple[str, ...]] = [
        *((name,) for name in before),
        (discovery.REFRESH,),
        (update, "--disable-change-limit"),
    ]
    return [Command(Service.DISCOVERY, words) for words in commands]


def _add_job(_inputs: StepInputs, _fields: Fields, observed: Observation) -> list[StepAction]:
    if observed["fields"] and all(observed["fields"].values()):
        return []
    job = discovery.hourly_job()
    when = f"{job['minute']} {job['hour']} {job['day']} * *"
    return [Crontab(job["name"], f"{when} {job['job']}")]


STEPS = (
    Step(
        name="site",
        about="site, partner and sign-on of the shop",
        services=SHOP,
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
        services=SHOP,
        observed_by=Service.ECOMMERCE,
        observer="ecommerce.switches",
        wanted=_switches,
        observer_arguments=lambda inputs: {"names": list(_switches(inputs))},
        actions=_switch_on,
    ),
    Step(
        name="partner",
        about="partner of discovery, and the source of its courses",
        services=CATALOGUE,
        observed_by=Service.DISCOVERY,
        observer="discovery.partner",
        wanted=_wanted_partner,
        observer_arguments=_partner_arguments,
        actions=_make_partner,
        essential=lambda flag: flag != "--name",
        public=True,
    ),
    Step(
        name="job",
        about="hourly job of discovery, which reads courses and indexes them",
        services=CATALOGUE,
        observed_by=None,
        observer="job",
        wanted=lambda _inputs: {"refresh_course_metadata": True, "update_index": True},
        observer_arguments=lambda _inputs: {},
        actions=_add_job,
    ),
    Step(
        name="indexes",
        about="search indexes of discovery, with their first content",
        services=CATALOGUE,
        observed_by=None,
        observer="indexes",
        wanted=lambda _inputs: {"lost": []},
        observer_arguments=lambda _inputs: {},
        actions=_fill,
        public=True,
    ),
)
