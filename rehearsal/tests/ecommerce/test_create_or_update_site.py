"""The command, with what it does not do for its caller."""

from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from pytest_django import Settings

from rehearsal.common.releases import parse
from rehearsal.ecommerce.core.models import SiteConfiguration
from rehearsal.ecommerce.partner.models import Partner

pytestmark = pytest.mark.django_db
LMS = "https://lms.example.com"
COMMON = (
    "--site-domain=shop.example.com",
    "--partner-code=partn_id",
    "--partner-name=Partner",
    f"--lms-url-root={LMS}",
    "--from-email=shop@example.com",
    "--discovery_api_url=https://discovery.example.com/api/v1/",
)
OIDC = ("--client-id=key", "--client-secret=secret")
OAUTH2 = (
    *("--sso-client-id=sso", "--sso-client-secret=sso-secret"),
    *("--backend-service-client-id=backend", "--backend-service-client-secret=backend-secret"),
)


def run(*arguments: str) -> SiteConfiguration:
    call_command("create_or_update_site", *COMMON, *arguments)
    return SiteConfiguration.objects.get(site__domain="shop.example.com")


def test_it_makes_site_partner_and_configuration() -> None:
    configuration = run(*OAUTH2, "--site-name=Shop", "--payment-processors=paypal,test-card")
    assert configuration.site.name == "Shop"
    assert (configuration.partner.short_code, configuration.partner.name) == (
        "partn_id",
        "Partner",
    )
    assert configuration.partner.default_site == configuration.site
    assert configuration.processor_names() == ["paypal", "test-card"]
    assert configuration.oauth_settings == {
        "SOCIAL_AUTH_EDX_OAUTH2_URL_ROOT": LMS,
        "SOCIAL_AUTH_EDX_OAUTH2_LOGOUT_URL": f"{LMS}/logout",
        "SOCIAL_AUTH_EDX_OAUTH2_ISSUERS": [LMS],
        "SOCIAL_AUTH_EDX_OAUTH2_KEY": "sso",
        "SOCIAL_AUTH_EDX_OAUTH2_SECRET": "sso-secret",
        "BACKEND_SERVICE_EDX_OAUTH2_KEY": "backend",
        "BACKEND_SERVICE_EDX_OAUTH2_SECRET": "backend-secret",
    }


def test_ironwood_knows_the_client_by_openid_connect(settings: Settings) -> None:
    settings.RELEASE = parse("ironwood.2")
    own = run(*OIDC).oauth_settings
    assert own["SOCIAL_AUTH_EDX_OIDC_URL_ROOT"] == f"{LMS}/oauth2"
    assert own["SOCIAL_AUTH_EDX_OIDC_ID_TOKEN_DECRYPTION_KEY"] == "secret"


@pytest.mark.parametrize("release, flags", [("juniper.2", OIDC), ("ironwood.2", OAUTH2)])
def test_each_release_refuses_the_others_flags(
    release: str, flags: tuple[str, ...], settings: Settings
) -> None:
    settings.RELEASE = parse(release)
    with pytest.raises(CommandError, match="required"):
        run(*flags)


@pytest.mark.parametrize("release, known", [("koa.3", False), ("lilac.1", True)])
def test_the_microfrontend_came_with_lilac(release: str, known: bool, settings: Settings) -> None:
    settings.RELEASE = parse(release)
    flags = (
        "--enable-microfrontend-for-basket-page=true",
        "--payment-microfrontend-url=https://pay.example.com",
    )
    if known:
        assert run(*OAUTH2, *flags).payment_microfrontend_url == "https://pay.example.com"
    else:
        with pytest.raises(CommandError, match="unrecognized arguments"):
            run(*OAUTH2, *flags)


def test_a_rerun_empties_what_it_is_not_told() -> None:
    run(*OAUTH2, "--payment-processors=paypal", "--client-side-payment-processor=stripe")
    again = run(*OAUTH2)
    assert (again.payment_processors, again.client_side_payment_processor) == ("", "")
    assert (Site.objects.filter(domain="shop.example.com").count(), Partner.objects.count()) == (
        1,
        1,
    )


@pytest.mark.parametrize(
    "flag, field, value",
    [
        ("--segment-key=key", "segment_key", "key"),
        ("--enable-enrollment-codes=true", "enable_enrollment_codes", True),
        ("--enable-enrollment-codes=false", "enable_enrollment_codes", True),
        ("--send-refund-notifications", "send_refund_notifications", True),
        ("--base-cookie-domain=.example.com", "base_cookie_domain", ".example.com"),
    ],
)
def test_a_rerun_sets_back_every_field_whose_flag_it_is_not_told(
    flag: str, field: str, value: object
) -> None:
    assert getattr(run(*OAUTH2, flag), field) == value
    assert not getattr(run(*OAUTH2), field)


def test_a_rerun_takes_the_public_address_of_the_lms_out_of_the_sign_on() -> None:
    name = "SOCIAL_AUTH_EDX_OAUTH2_PUBLIC_URL_ROOT"
    assert run(*OAUTH2, f"--lms-public-url-root={LMS}").oauth_settings[name] == LMS
    assert name not in run(*OAUTH2).oauth_settings


def test_the_addresses_of_support_alone_are_kept() -> None:
    run(*OAUTH2, "--payment-support-email=help@example.com")
    assert run(*OAUTH2).payment_support_email == "help@example.com"


@pytest.mark.parametrize(
    "release, flag, known",
    [
        ("hawthorn.2", "--journals_api_url=https://j.example.com", False),
        ("ironwood.2", "--journals_api_url=https://j.example.com", True),
        ("ironwood.2", "--lms-public-url-root=https://lms.example.com", False),
        ("ironwood.2", "--disable-otto-receipt-page", True),
    ],
)
def test_each_release_has_its_flags(
    release: str, flag: str, known: bool, settings: Settings
) -> None:
    settings.RELEASE = parse(release)
    if known:
        assert run(*OIDC, flag).site.domain == "shop.example.com"
    else:
        with pytest.raises(CommandError, match="unrecognized arguments"):
            run(*OIDC, flag)


def test_ginkgo_does_not_know_of_discovery(settings: Settings) -> None:
    settings.RELEASE = parse("ginkgo.2")
    with pytest.raises(CommandError, match="--discovery_api_url"):
        run(*OIDC)
    known = [flag for flag in COMMON if not flag.startswith("--discovery")]
    call_command("create_or_update_site", *known, *OIDC)
    assert SiteConfiguration.objects.exists()


def test_a_rerun_undoes_what_was_changed_by_hand_but_the_partners_name_and_code() -> None:
    configuration = run(*OAUTH2)
    configuration.from_email = "changed@example.com"
    configuration.save()
    configuration.partner.name = "Renamed"
    configuration.partner.short_code = "other"
    configuration.partner.save()
    again = run(*OAUTH2)
    assert again.from_email == "shop@example.com"
    assert (again.partner.name, again.partner.short_code) == ("Renamed", "other")


def test_a_site_is_found_by_its_id_and_gets_the_domain() -> None:
    first = Site.objects.get(pk=1)
    run(*OAUTH2, "--site-id=1")
    first.refresh_from_db()
    assert first.domain == "shop.example.com"


@pytest.mark.parametrize(
    "changes",
    [
        {"--partner-code": "much-too-long-a-code"},
        {"--payment-processors": "nonsense"},
        {"--sso-client-secret": ""},
        {"--lms-url-root": "no URL"},
    ],
)
def test_nothing_is_checked(changes: dict[str, Any]) -> None:
    run(*OAUTH2, *(f"{flag}={value}" for flag, value in changes.items()))


def test_an_empty_secret_is_left_out_of_the_settings() -> None:
    own = run(*OAUTH2, "--backend-service-client-secret=").oauth_settings
    assert "BACKEND_SERVICE_EDX_OAUTH2_KEY" not in own
