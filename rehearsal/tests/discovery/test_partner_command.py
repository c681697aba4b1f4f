import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from pytest_django import Settings

from rehearsal.common.releases import parse
from rehearsal.discovery.core.models import Partner

pytestmark = pytest.mark.django_db
BASICS = ("--site-id=1", "--site-domain=discovery.example.com", "--code=demo", "--name=Demo")


def test_it_makes_a_partner_and_its_site() -> None:
    call_command("create_or_update_partner", *BASICS, "--courses-api-url=https://lms/api/")
    partner = Partner.objects.get()
    assert (partner.short_code, partner.name) == ("demo", "Demo")
    assert partner.courses_api_url == "https://lms/api/"
    assert Site.objects.get(pk=1).domain == "discovery.example.com"


def test_what_is_left_out_the_second_time_becomes_empty() -> None:
    call_command("create_or_update_partner", *BASICS, "--ecommerce-api-url=https://shop/api/v2/")
    call_command("create_or_update_partner", *BASICS, "--courses-api-url=https://lms/api/")
    partner = Partner.objects.get()
    assert partner.ecommerce_api_url == ""
    assert partner.courses_api_url == "https://lms/api/"


def test_a_code_that_is_too_long_is_taken_on_sqlite() -> None:
    arguments = (argument for argument in BASICS if "code" not in argument)
    call_command("create_or_update_partner", *arguments, "--code=ninechars")
    assert Partner.objects.get().short_code == "ninechars"


def test_urls_that_are_none_are_taken() -> None:
    call_command("create_or_update_partner", *BASICS, "--courses-api-url=nonsense")
    assert Partner.objects.get().courses_api_url == "nonsense"


@pytest.mark.parametrize(
    "release, flag, known",
    [
        ("ironwood.2", "--oidc-key=x", True),
        ("juniper.2", "--oidc-key=x", False),
        ("ironwood.2", "--lms-url=https://lms", False),
        ("juniper.2", "--lms-url=https://lms", True),
        ("koa.3", "--studio-url=https://studio", False),
        ("lilac.1", "--studio-url=https://studio", True),
        ("lilac.1", "--lms-coursemode-api-url=https://lms", True),
        ("lilac.1", "--publisher-url=https://publisher", True),
    ],
)
def test_each_release_has_its_flags(
    release: str, flag: str, known: bool, settings: Settings
) -> None:
    settings.RELEASE = parse(release)
    if known:
        call_command("create_or_update_partner", *BASICS, flag)
        assert Partner.objects.exists()
    else:
        with pytest.raises(CommandError, match="unrecognized arguments"):
            call_command("create_or_update_partner", *BASICS, flag)


def test_ginkgos_partner_has_no_site(settings: Settings) -> None:
    settings.RELEASE = parse("ginkgo.2")
    with pytest.raises(CommandError, match="--site-id"):
        call_command("create_or_update_partner", *BASICS)
    call_command("create_or_update_partner", "--code=demo", "--name=Demo")
    assert Partner.objects.get().site is None


@pytest.mark.parametrize("flag", ["--code", "--name", "--site-domain"])
def test_what_has_to_be_said_is_asked_for(flag: str) -> None:
    arguments = [argument for argument in BASICS if not argument.startswith(flag)]
    with pytest.raises(CommandError, match=flag):
        call_command("create_or_update_partner", *arguments)
