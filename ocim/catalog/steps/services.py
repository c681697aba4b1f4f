"""Steps at ecommerce and discovery: site, partner, payment, search indexes, the hourly job."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.endpoints import public_host, public_url
from ocim.catalog.steps.lms import SHOP, Client, clients_of
from ocim.catalog.steps.step import Command, Crontab, Fields, Looked, Setup, Step, StepAction
from ocim.catalog.variables import discovery
from ocim.core.instance import Service
from ocim.core.secrets import Secret

CATALOGUE = frozenset({Service.DISCOVERY})
SITE_ID = 1
"""Of discovery: Django's first, which its settings name."""
_FRONTEND = ("--enable-microfrontend-for-basket-page", "--payment-microfrontend-url")

# Ecommerce's site.


def _wanted_site(setup: Setup) -> Fields:
    shop, instance = setup.shop, setup.instance
    fields: Fields = {
        "--site-domain": public_host(instance, Service.ECOMMERCE),
        "--site-name": instance.name,
        "--partner-code": shop.partner_code,
        "--partner-name": shop.partner_name,
        "--lms-url-root": public_url(instance, Service.LMS),
        "--payment-processors": ",".join(shop.processors),
        "--client-side-payment-processor": shop.client_side,
        "--from-email": str(setup.variables["EDXAPP_DEFAULT_FROM_EMAIL"]),
        "--discovery_api_url": f"{public_url(instance, Service.DISCOVERY)}/api/v1",
    }
    for client, id_flag, secret_flag in _clients_in_flags(setup):
        fields[id_flag] = client.client_id
        fields[secret_flag] = setup.mark(client.secret)
    return fields


def _clients_in_flags(setup: Setup) -> list[tuple[Client, str, str]]:
    flags = setup.traits.site_client_flags
    mine = [one for one in clients_of(setup) if one.service == Service.ECOMMERCE]
    return list(zip(mine, flags[::2], flags[1::2], strict=True))


def _given_site(setup: Setup) -> Mapping[str, Any]:
    oauth: dict[str, Any] = {}
    for client, id_flag, secret_flag in _clients_in_flags(setup):
        prefix = {"sign-on": "SOCIAL_AUTH", "backend": "BACKEND_SERVICE"}[client.use]
        kind = "OIDC" if setup.traits.sign_on_backend == "edx-oidc" else "OAUTH2"
        oauth[id_flag] = (f"{prefix}_EDX_{kind}_KEY", None)
        mark = (client.secret, setup.mark(client.secret))
        oauth[secret_flag] = (f"{prefix}_EDX_{kind}_SECRET", mark)
    return {"domain": public_host(setup.instance, Service.ECOMMERCE), "oauth": oauth}


def _make_site(setup: Setup, fields: Fields, looked: Looked) -> list[StepAction]:
    secrets = {flag: client.secret for client, _, flag in _clients_in_flags(setup)}
    values = {**fields, **secrets}
    if looked.get("site_id"):
        values["--site-id"] = looked["site_id"]
    if looked.get("microfrontend"):  # any value of the first is true, so it is said or left out
        values |= dict(zip(_FRONTEND, ("true", looked["microfrontend"]), strict=True))
    flags = [flag for flag in setup.traits.site_flags if flag in values]
    return [Command(Service.ECOMMERCE, ("create_or_update_site", *_words(flags, values)))]


def _words(flags: list[str], values: Fields) -> list[str | Secret]:
    """`--flag=value`: a value may begin with a dash."""
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
"""The switch without which the shop keeps no course."""


def _switches(setup: Setup) -> Fields:
    names = [PUBLICATION, *(f"payment_processor_active_{one}" for one in setup.shop.processors)]
    return dict.fromkeys(names, True)


def _switch_on(_setup: Setup, fields: Fields, looked: Looked) -> list[StepAction]:
    there = looked["fields"]
    return [
        Command(Service.ECOMMERCE, ("waffle_switch", name, "on" if on else "off", "--create"))
        for name, on in fields.items()
        if there.get(name) != on
    ]


# Discovery's partner.


def _wanted_partner(setup: Setup) -> Fields:
    instance, shop = setup.instance, setup.shop
    lms, studio = (public_url(instance, one) for one in (Service.LMS, Service.STUDIO))
    sells = setup.has(Service.ECOMMERCE)
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
        **{flag: url for flag, url in urls.items() if flag in setup.traits.partner_flags},
    }
    if "--oidc-key" in setup.traits.partner_flags:
        client = _sign_on_of_discovery(setup)
        fields["--oidc-key"] = client.client_id
        fields["--oidc-secret"] = setup.mark(client.secret)
    return fields


def _sign_on_of_discovery(setup: Setup) -> Client:
    return next(one for one in clients_of(setup) if one.key == "discovery.sign-on")


def _given_partner(setup: Setup) -> Mapping[str, Any]:
    """Every flag of the release, those too that Ocim has no value for: what is there stays."""
    known = ("--site-id", "--site-domain", "--code", "--name")
    flags: dict[str, Any] = {flag: None for flag in setup.traits.partner_flags if flag not in known}
    if "--oidc-secret" in flags:
        secret = _sign_on_of_discovery(setup).secret
        flags["--oidc-secret"] = (secret, setup.mark(secret))
    return {"site_id": SITE_ID, "flags": flags}


def _make_partner(setup: Setup, fields: Fields, looked: Looked) -> list[StepAction]:
    there = {flag: value for flag, value in (looked["fields"] or {}).items() if value}
    values: Fields = {**there, **fields, "--site-id": SITE_ID}
    if "--oidc-secret" in values:
        values["--oidc-secret"] = _sign_on_of_discovery(setup).secret
    flags = [flag for flag in setup.traits.partner_flags if flag in values]
    return [Command(Service.DISCOVERY, ("create_or_update_partner", *_words(flags, values)))]


# Indexes and the hourly job.


def aliases_wanted(setup: Setup) -> str:
    """What the aliases of the release's indexes are called, or begin with."""
    name = str(setup.variables.get("DISCOVERY_ELASTICSEARCH_INDEX_NAME", "catalog"))
    return f"{name}_" if "install_es_indexes" in setup.traits.index_commands else name


def _fill(setup: Setup, _fields: Fields, _looked: Looked) -> list[StepAction]:
    *before, update = setup.traits.index_commands
    # The refresh writes to the database only, and from nothing to something is no change that
    # `update_index` lets through by itself.
    commands: list[tuple[str, ...]] = [
        *((name,) for name in before),
        (discovery.REFRESH,),
        (update, "--disable-change-limit"),
    ]
    return [Command(Service.DISCOVERY, words) for words in commands]


def _add_job(_setup: Setup, _fields: Fields, looked: Looked) -> list[StepAction]:
    if looked["fields"] and all(looked["fields"].values()):
        return []
    job = discovery.hourly_job()
    when = f"{job['minute']} {job['hour']} {job['day']} * *"
    return [Crontab(job["name"], f"{when} {job['job']}")]


STEPS = (
    Step(
        name="site",
        about="the shop's site, its partner, and how it signs people on",
        services=SHOP,
        looks_at=Service.ECOMMERCE,
        look="ecommerce.site",
        wanted=_wanted_site,
        given=_given_site,
        do=_make_site,
        essential=lambda flag: flag not in (
            "--site-name", "--partner-name", "--from-email", "--client-side-payment-processor"
        ),
        public=True,
    ),
    Step(
        name="switches",
        about="the shop's switches: for payment processors, and to publish courses at the LMS",
        services=SHOP,
        looks_at=Service.ECOMMERCE,
        look="ecommerce.switches",
        wanted=_switches,
        given=lambda setup: {"names": list(_switches(setup))},
        do=_switch_on,
    ),
    Step(
        name="partner",
        about="discovery's partner, and where it reads courses",
        services=CATALOGUE,
        looks_at=Service.DISCOVERY,
        look="discovery.partner",
        wanted=_wanted_partner,
        given=_given_partner,
        do=_make_partner,
        essential=lambda flag: flag != "--name",
        public=True,
    ),
    Step(
        name="job",
        about="discovery's hourly job: courses are read, and indexed",
        services=CATALOGUE,
        looks_at=None,
        look="job",
        wanted=lambda _setup: {"refresh_course_metadata": True, "update_index": True},
        given=lambda _setup: {},
        do=_add_job,
    ),
    Step(
        name="indexes",
        about="search indexes, made and filled for the first time",
        services=CATALOGUE,
        looks_at=None,
        look="indexes",
        wanted=lambda _setup: {"lost": []},
        given=lambda _setup: {},
        do=_fill,
        public=True,
    ),
)  # fmt: skip
