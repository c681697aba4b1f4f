"""Checks of what frozen variables lack for Tutor, before there is a host."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ocim.catalog.discovery_search import SETTINGS, URL
from ocim.catalog.releases import Release, release_of
from ocim.catalog.shop import prices
from ocim.catalog.shop.shop import CONFIG
from ocim.catalog.templates import is_template
from ocim.catalog.tutor import operators
from ocim.catalog.tutor.configuration import SAME, platform_version
from ocim.catalog.tutor.patches import USED
from ocim.core.secrets import revealed

READ = frozenset(
    {
        *SAME.values(),
        *USED,
        *("EDX_PLATFORM_VERSION", "edx_platform_version", "openedx_release", "edxapp_media_dir"),
        *("EDXAPP_DATABASE_ENGINE", "EDXAPP_MYSQL_PORT", "EDXAPP_JWT_PRIVATE_SIGNING_JWK"),
        *("EDXAPP_CELERY_BROKER_TRANSPORT", "EDXAPP_CELERY_BROKER_HOSTNAME"),
        "EDXAPP_CELERY_PASSWORD",
        *("SANDBOX_ENABLE_DISCOVERY", "DISCOVERY_URL_ROOT", URL, SETTINGS),
        *("SANDBOX_ENABLE_ECOMMERCE", "ECOMMERCE_ECOMMERCE_URL_ROOT", CONFIG),
    }
)
"""Variables with Ansible's names that have an effect with Tutor, too."""
_DISCOVERY_IMAGE = f"{operators.PREFIX}DISCOVERY_DOCKER_IMAGE"
_OWN_MACHINE = ("localhost", "127.", "::1", "[::1]")


def release_in(variables: Mapping[str, Any]) -> Release:
    """Return the release of the app server: of its platform's version, or else of its own name."""
    return release_of(platform_version(variables), str(variables.get("openedx_release", "")))


def faults(variables: Mapping[str, Any], major: int, *, allowed: Collection[str]) -> list[str]:
    """Return everything that keeps Tutor from running the app server.

    `allowed`: plugins that may be on.
    """
    found = [*operators.faults(variables, major, allowed=allowed), *_servers(variables)]
    found += _services(variables)
    if ":" in str(variables.get("EDXAPP_LMS_BASE", "")):
        found.append("Tutor's sites know no ports: the balancer must be at 443 (OCIM_HTTPS_PORT).")
    for name in SAME.values():
        if fault := operators.unsafe(variables.get(name)):
            found.append(f"{name}: {fault}")
    for name in sorted(USED):
        if is_template(repr(revealed(variables.get(name)))):
            found.append(f"{name}: {operators.TEMPLATE}")
    return found


def unreadable_prices(variables: Mapping[str, Any]) -> list[str]:
    """Return a warning if the discovery of Tutor's own image cannot read the shop's prices.

    Nothing is known of an image that an operator has chosen.
    """
    release = release_in(variables)
    pair = dict.fromkeys(("ECOMMERCE_VERSION", "DISCOVERY_VERSION"), release.text)
    has_both = set(operators.OF_SERVICES) <= set(operators.plugins(variables))
    if variables.get(_DISCOVERY_IMAGE) or not has_both or not prices.unreadable_prices(pair):
        return []
    return [
        f"{_DISCOVERY_IMAGE} is not set, and the discovery of Tutor's own image, {release.text},"
        " cannot read the shop's prices: every refresh_course_metadata fails once a course is sold."
        " Set it to an image of redwood.3's or of teak's discovery."
    ]


def _servers(variables: Mapping[str, Any]) -> Iterator[str]:
    if "EDXAPP_DATABASE_ENGINE" in variables or "EDXAPP_MYSQL_HOST" not in variables:
        yield "Tutor needs a MySQL server: create the instance on one (`ocim database-server`)."
    elif fault := _not_reached("The database server", variables["EDXAPP_MYSQL_HOST"]):
        yield fault
    if variables.get("EDXAPP_CELERY_BROKER_TRANSPORT") != "redis":
        yield "Tutor needs a Redis server of the instance's own (`ocim broker`)."
    elif fault := _not_reached("The broker server", variables["EDXAPP_CELERY_BROKER_HOSTNAME"]):
        yield fault
    for name, what in (("MONGODB_HOST", "MongoDB"), ("MEILISEARCH_URL", "Meilisearch")):
        value = str(revealed(variables.get(f"{operators.PREFIX}{name}", "")))
        if not value:
            yield (
                f"App servers share {what}, and no server is assigned: run `ocim"
                f" {what.lower()}-server assign`, or set {operators.PREFIX}{name} to its address."
            )
        elif fault := _not_reached(what, value.rpartition("://")[2]):
            yield fault


def _services(variables: Mapping[str, Any]) -> Iterator[str]:
    present = operators.plugins(variables)
    if "ecommerce" in present and "discovery" not in present:
        yield "Tutor's ecommerce needs Course Discovery: turn it on (SANDBOX_ENABLE_DISCOVERY)."
    if "discovery" in present and URL not in variables:
        yield "Course Discovery needs a search server (`ocim search-server`)."


def _not_reached(what: str, address: Any) -> str:
    if not str(address).startswith(_OWN_MACHINE):
        return ""
    return f"{what} is at {address}, which is the container itself for Tutor's containers."
