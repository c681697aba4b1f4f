from itertools import pairwise

import pytest

from ocim.catalog.releases import (
    ECOMMERCE_ENDED,
    NAMES,
    Release,
    git_reference,
    of_instance,
    provisioners,
    traits,
)
from tests.catalog.instances import instance


@pytest.mark.parametrize(
    "text, name, patch",
    [
        ("opencraft-release/juniper.2", "juniper", 2),
        ("open-release/juniper.2", "juniper", 2),
        ("juniper.2", "juniper", 2),
        ("Juniper.2", "juniper", 2),
        (" juniper.2\n", "juniper", 2),
        ("opencraft-release/juniper.2-custom", "juniper", 2),
        ("open-release/koa.1", "koa", 1),
        ("release/sumac.3", "sumac", 3),
        ("origin/release/ulmo.1", "ulmo", 1),
        ("open-release/juniper.rc1", "juniper", 0),
    ],
)
def test_a_release_is_read_from_tags_and_branches(text: str, name: str, patch: int) -> None:
    release = Release.of(text)
    assert (release.known, release.name, release.patch) == (True, name, patch)


@pytest.mark.parametrize(
    "text",
    ["master", "", "412a774c32d23773791eba3dd7b00aea07a05016", "koala", "willow.1", "x-koa"],
)
def test_what_names_no_release_is_newer_than_all_and_says_so(text: str) -> None:
    release = Release.of(text)
    assert not release.known
    assert release.name == ""
    assert release > Release.of("verawood.master")
    assert traits(release) == traits(Release.of("verawood.1"))


def test_releases_are_in_order() -> None:
    texts = ["ginkgo.1", "hawthorn.2", "ironwood.2", "juniper.alpha1", "juniper.1", "juniper.2",
             "juniper.10", "juniper.master", "koa.1", "lilac.1", "ulmo.4", "verawood"]  # fmt: skip
    assert all(Release.of(older) < Release.of(newer) for older, newer in pairwise(texts))


def test_the_same_release_is_the_same_however_it_is_written() -> None:
    assert Release.of("opencraft-release/juniper.2") == Release.of("juniper.2")
    assert Release.of("juniper") == Release.of("open-release/juniper.master")


def test_an_instance_on_a_hash_is_taken_for_the_release_it_belongs_to() -> None:
    release = of_instance(instance(edx_platform_commit="0" * 40, openedx_release="ironwood.2"))
    assert release == Release.of("ironwood.2")


# The last release of the older way, the first of the newer.
@pytest.mark.parametrize(
    "trait, last, first, older, newer",
    [
        ("playbook", "hawthorn", "ironwood", "edx_sandbox.yml", "openedx_native.yml"),
        ("edxapp_settings", "hawthorn", "ironwood", "aws", "production"),
        ("sign_on_backend", "ironwood", "juniper", "edx-oidc", "edx-oauth2"),
        ("callback_path", "ironwood", "juniper", "/complete/edx-oidc/", "/complete/edx-oauth2/"),
        ("client_command", "ironwood", "juniper", "create_oauth2_client", "create_dot_application"),
        ("clients_per_service", "ironwood", "juniper", ("sign-on",), ("sign-on", "backend")),
        (
            "checkout_page_field",
            "ginkgo",
            "hawthorn",
            "single_course_checkout_page",
            "basket_checkout_page",
        ),
        ("payment_intents", "olive", "palm", False, True),
        ("indexes_runs_without_seats", "ironwood", "juniper", True, False),
        ("has_ecommerce", "sumac", "teak", True, False),
    ],
)
def test_releases_differ_where_they_are_known_to(
    trait: str, last: str, first: str, older: object, newer: object
) -> None:
    assert NAMES.index(first) == NAMES.index(last) + 1
    for name in NAMES:
        expected = older if Release.of(name) < Release.of(f"{first}.0") else newer
        assert getattr(traits(Release.of(name)), trait) == expected, name


@pytest.mark.parametrize(
    "flag, of, first, last",
    [
        ("--client-id", "site_flags", "ginkgo", "ironwood"),
        ("--sso-client-id", "site_flags", "juniper", "verawood"),
        ("--backend-service-client-secret", "site_flags", "juniper", "verawood"),
        ("--payment-microfrontend-url", "site_flags", "lilac", "verawood"),
        ("--discovery_api_url", "site_flags", "hawthorn", "verawood"),
        ("--segment-key", "site_flags", "ginkgo", "verawood"),
        ("--journals_api_url", "site_flags", "ironwood", "ironwood"),
        ("--lms-public-url-root", "site_flags", "juniper", "verawood"),
        ("--oidc-key", "partner_flags", "ginkgo", "ironwood"),
        ("--lms-url", "partner_flags", "juniper", "verawood"),
        ("--publisher-url", "partner_flags", "lilac", "verawood"),
        ("--studio-url", "partner_flags", "lilac", "verawood"),
        ("--lms-coursemode-api-url", "partner_flags", "lilac", "verawood"),
        ("--site-domain", "partner_flags", "hawthorn", "verawood"),
        ("--organizations-api-url", "partner_flags", "ginkgo", "verawood"),
    ],
)
def test_commands_take_the_flags_of_their_release(
    flag: str, of: str, first: str, last: str
) -> None:
    having = [name for name in NAMES if flag in getattr(traits(Release.of(name)), of)]
    assert having == list(NAMES[NAMES.index(first) : NAMES.index(last) + 1])


@pytest.mark.parametrize("name", NAMES)
def test_the_flags_for_clients_are_among_those_for_the_site(name: str) -> None:
    result = traits(Release.of(name))
    assert set(result.site_client_flags) < set(result.site_flags)


@pytest.mark.parametrize(
    "release, services, ecommerce",
    [
        ("juniper.2", "open-release/juniper.2", "open-release/juniper.2"),
        ("redwood.3", "open-release/redwood.3", "open-release/redwood.3"),
        ("sumac.3", "open-release/sumac.3", "open-release/sumac.master"),
        ("open-release/sumac.3", "open-release/sumac.3", "open-release/sumac.master"),
        ("teak.1", "release/teak.1", "open-release/sumac.master"),
        ("release/ulmo.1", "release/ulmo.1", "open-release/sumac.master"),
        ("master", "master", "master"),
    ],
)
def test_tags_changed_their_form_with_teak_and_ecommerce_has_none_after_redwood(
    release: str, services: str, ecommerce: str
) -> None:
    of_release = instance(openedx_release=release)
    assert git_reference(of_release) == services
    assert git_reference(of_release, ECOMMERCE_ENDED) == ecommerce


@pytest.mark.parametrize(
    "release, tutor",
    [("redwood", None), ("sumac", 19), ("teak", 20), ("ulmo", 21), ("verawood", 22)],
)
def test_each_release_since_sumac_has_a_tutor(release: str, tutor: int | None) -> None:
    assert traits(Release.of(release)).tutor == tutor


def test_releases_with_a_tutor_are_provisioned_by_it_or_by_ansible() -> None:
    assert provisioners(Release.of("redwood.3")) == ("ansible",)
    assert provisioners(Release.of("sumac.1")) == ("tutor", "ansible")
