"""Set-up steps at Course Discovery: the partner, search indexes, the hourly job."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.discovery_job import REFRESH, REMOVE, UPDATE
from ocim.catalog.endpoints import public_host, public_url
from ocim.catalog.steps.clients import Client, clients_of
from ocim.catalog.steps.step import (
    Command,
    Crontab,
    Fields,
    Observation,
    Step,
    StepAction,
    StepInputs,
    flag_words,
)
from ocim.catalog.variables import discovery
from ocim.core.instance import Service

SITE_ID = 1
"""Id of discovery's site: Django's first one, which its settings name."""

# Partner.


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
        **urls,
    }
    fields = {flag: fields[flag] for flag in fields if flag in inputs.traits.partner_flags}
    if "--oidc-key" in inputs.traits.partner_flags:
        client = _sign_on_client(inputs)
        fields["--oidc-key"] = client.client_id
        fields["--oidc-secret"] = inputs.fingerprint(client.secret)
    return fields


def _sign_on_client(inputs: StepInputs) -> Client:
    return next(client for client in clients_of(inputs) if client.key == "discovery.sign-on")


def _partner_arguments(inputs: StepInputs) -> Mapping[str, Any]:
    """Return all flags of the release; those without a value of Ocim's keep their values."""
    known = ("--site-id", "--site-domain", "--code", "--name")
    flags: dict[str, Any] = {
        flag: None for flag in inputs.traits.partner_flags if flag not in known
    }
    if "--oidc-secret" in flags:
        secret = _sign_on_client(inputs).secret
        flags["--oidc-secret"] = (secret, inputs.fingerprint(secret))
    return {
        "site_id": SITE_ID,
        "domain": public_host(inputs.instance, Service.DISCOVERY),
        "code": inputs.shop.partner_code,
        "flags": flags,
    }


def _make_partner(inputs: StepInputs, fields: Fields, observed: Observation) -> list[StepAction]:
    present = {flag: value for flag, value in (observed["fields"] or {}).items() if value}
    values: Fields = {**present, **fields, "--site-id": observed.get("site_id", SITE_ID)}
    if "--oidc-secret" in values:
        values["--oidc-secret"] = _sign_on_client(inputs).secret
    flags = [flag for flag in inputs.traits.partner_flags if flag in values]
    return [Command(Service.DISCOVERY, ("create_or_update_partner", *flag_words(flags, values)))]


# Indexes and the hourly job.

JOB = (REFRESH, UPDATE, REMOVE, f"limit of {UPDATE}")
"""Parts of the job; the last one is lost with the flag --disable-change-limit."""


def _fill(inputs: StepInputs, _fields: Fields, _observed: Observation) -> list[StepAction]:
    # `update_index` fails where there is no index yet. The refresh writes only to the database.
    # `update_index` would reject the change from an empty index to a full one, as too large; only
    # this first filling goes without its limit.
    # Sites that Tutor has made have a second partner, whose LMS does not answer.
    of_partner = [f"--partner_code={inputs.shop.partner_code}"] if inputs.by_tutor else []
    commands: list[tuple[str, ...]] = [
        ("install_es_indexes",),
        (REFRESH, *of_partner),
        (UPDATE, "--disable-change-limit"),
    ]
    return [Command(Service.DISCOVERY, words) for words in commands]


def _add_job(inputs: StepInputs, _fields: Fields, observed: Observation) -> list[StepAction]:
    if observed["fields"] and all(observed["fields"].values()):
        return []  # also by force: the job is as it should be
    job = discovery.hourly_job(inputs.instance)
    when = f"{job['minute']} {job['hour']} {job['day']} * *"
    return [Crontab(job["name"], f"{when} {job['job']}")]


STEPS = (
    Step(
        name="partner",
        about="partner of discovery, and the source of its courses",
        services=frozenset({Service.DISCOVERY}),
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
        services=frozenset({Service.DISCOVERY}),
        observed_by=None,
        observer="job",
        wanted=lambda _inputs: dict.fromkeys(JOB, True),
        observer_arguments=lambda _inputs: {},
        actions=_add_job,
        in_crontab=True,
    ),
    Step(
        name="indexes",
        about="search indexes of discovery, with their first content",
        services=frozenset({Service.DISCOVERY}),
        observed_by=None,
        observer="indexes",
        wanted=lambda _inputs: {"lost": [], "stopped": []},
        observer_arguments=lambda _inputs: {},
        actions=_fill,
        public=True,
        reads_others=True,
    ),
)
