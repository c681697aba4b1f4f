"""The contracts between Ocim and the services: each with the evidence that a place keeps it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pytest

from ocim.catalog.releases import Release, traits
from ocim.core.instance import Service
from tests.conformance.place import Lines, Place

LMS, SHOP, CATALOGUE = Service.LMS, Service.ECOMMERCE, Service.DISCOVERY
ADMIN: Mapping[Service, tuple[str, ...]] = {
    LMS: (
        "/admin/auth/user/",
        "/admin/commerce/commerceconfiguration/add/",
        "/admin/student/courseenrollment/",
    ),
    SHOP: (
        "/admin/core/siteconfiguration/",
        "/admin/waffle/switch/",
        "/admin/partner/partner/",
        "/admin/refund/refund/",
    ),
}
"""Addresses to which texts of Ocim send operators."""
STEPS: Mapping[Service, tuple[str, ...]] = {
    LMS: ("users", "permissions", "clients", "commerce"),
    SHOP: ("site", "switches"),
    CATALOGUE: ("partner", "job", "indexes"),
}
"""Set-up steps by the service in which they set something."""


CHANGED: Mapping[Service, Mapping[str, str]] = {
    SHOP: {
        "ecommerce: partner": "--step site --force",
        "ecommerce: payment processors": "--step switches --force",
        "purchase: seat": "--step permissions --force",
    },
    CATALOGUE: {
        "discovery: client at the LMS": "--step users --force",
        "discovery: sign-on": "--step clients --force",
        "discovery: cron job": "--step job --force",
        "discovery: search, as found": "--step indexes --force",
    },
}
"""Lines of a verification that fail after changes by hand, each with words of its remedy."""


ONE_CLIENT: Mapping[Service, Mapping[str, str]] = {
    SHOP: {},
    CATALOGUE: {"discovery: client at the LMS": "--step clients --force"},
}
"""Remedies of these lines in releases in which a service has one client."""


@dataclass(frozen=True)
class Contract:
    """Contract of a service, with the check that a place keeps it."""

    service: Service
    name: str
    check: Callable[[Place], None]

    def __str__(self) -> str:
        return f"{self.service.value}: {self.name}"


def _of_lines(service: Service, name: str, *patterns: str) -> Contract:
    """Return a contract that holds if lines of the verification match, and none of them failed."""

    def check(place: Place) -> None:
        for pattern in patterns:
            _all_well(place.verified, pattern)

    return Contract(service, name, check)


def _all_well(lines: Lines, pattern: str) -> None:
    matching = [line for name, line in lines.items() if re.fullmatch(pattern, name)]
    assert matching, f"No line is named {pattern}: {sorted(lines)}"
    failures = [line for line in matching if line["outcome"] == "failed"]
    assert not failures, failures
    if skipped := [line for line in matching if line["outcome"] == "skipped"]:
        pytest.skip("; ".join(f"{line['name']}: {line['compared']}" for line in skipped))


def _of_step(service: Service, step: str) -> Contract:
    """Return a contract that holds if Ocim sees a change by hand, and runs the step again."""

    def check(place: Place) -> None:
        states = place.history
        assert states.first[step]["state"] == "done", states.first[step]
        assert states.drifted[step]["state"] in ("changed by hand", "pending"), states.drifted[step]
        assert states.mended[step]["state"] == "done", states.mended[step]

    return Contract(service, f"set-up step {step}: done, changed by hand, run again", check)


def _of_changes(service: Service) -> Contract:
    """Return a contract that holds if a verification notices changes by hand, with remedies."""

    def check(place: Place) -> None:
        lines = place.history.noticed
        remedies = dict(CHANGED[service])
        if "backend" not in traits(Release.of(place.campus.release)).clients_per_service:
            # Before juniper the service calls the LMS with the client of its sign-on.
            remedies |= ONE_CLIENT[service]
        for name, remedy in remedies.items():
            assert lines[name]["outcome"] == "failed", lines[name]
            assert remedy in lines[name]["remedy"], lines[name]
        cleaned = {name: line for name, line in lines.items() if name.startswith("clean-up")}
        assert "failed" not in {line["outcome"] for line in cleaned.values()}, cleaned

    return Contract(service, "verification notices changes by hand", check)


def _of_admin(service: Service) -> Contract:
    def check(place: Place) -> None:
        statuses = place.admin(service, ADMIN[service])
        assert statuses == dict.fromkeys(ADMIN[service], 200)

    return Contract(service, "admin addresses", check)


def _refused(place: Place) -> None:
    # A processor whose keys are not of a sandbox refuses its payment anyway.
    failed_anyway = {name for name, x in place.verified.items() if x["outcome"] == "failed"}
    failures = {
        name: x
        for name, x in place.refused.items()
        if x["outcome"] == "failed" and name not in failed_anyway
    }
    assert "purchase: order with the coupon" in failures, place.refused
    for name, line in failures.items():
        assert name.startswith("purchase: order "), line
        assert "Fulfillment Error" in line["compared"]
        assert "EDX_API_KEY" in line["remedy"]


def _contracts() -> Iterable[Contract]:
    yield _of_lines(LMS, "health", "lms: health", "lms: speed")
    yield _of_lines(LMS, "sign-in", "lms: sign-in")
    yield _of_admin(LMS)
    yield _of_lines(SHOP, "health", "ecommerce: health")
    yield _of_lines(SHOP, "sign-on", "ecommerce: sign-on", "ecommerce: client at the LMS")
    yield _of_lines(SHOP, "partner", "ecommerce: partner", "ecommerce: payment processors")
    yield _of_lines(SHOP, "publication", "purchase: course", "purchase: seat")
    yield _of_lines(
        SHOP,
        "coupon and purchase",
        "purchase: coupon",
        "purchase: receipt with .*",
        "purchase: order with .*",
        "purchase: enrollment with [^,]*",
    )
    yield _of_lines(SHOP, "refund", "purchase: refund with .*", ".*, after the refund")
    yield _of_lines(SHOP, "clean-up", "clean-up")
    yield Contract(SHOP, "enrollment that the LMS refuses", _refused)
    yield _of_changes(SHOP)
    yield _of_admin(SHOP)
    yield _of_lines(CATALOGUE, "health", "discovery: health")
    yield _of_lines(CATALOGUE, "sign-on", "discovery: sign-on", "discovery: client at the LMS")
    yield _of_lines(
        CATALOGUE,
        "loaders",
        "discovery: refresh_course_metadata, now",
        "discovery: courses of the LMS",
    )
    yield _of_lines(
        CATALOGUE,
        "indexes and counts",
        "discovery: search, as found",
        "discovery: update_index without flags",
        "discovery: search",
    )
    yield _of_changes(CATALOGUE)
    for service, steps in STEPS.items():
        for step in steps:
            yield _of_step(service, step)


CONTRACTS = tuple(_contracts())
