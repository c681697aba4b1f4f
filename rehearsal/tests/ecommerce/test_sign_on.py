"""Signing on at the shop, through a real LMS."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from rehearsal.ecommerce.core.models import SiteConfiguration
from tests.ecommerce.world import SECRETS, TIMEOUT, World


def test_a_learner_of_the_lms_is_signed_in_at_the_shop(world: World) -> None:
    browser = world.learner("sara")
    answer = browser.see(f"{world.shop}/login")
    assert answer.url == f"{world.lms}/"
    assert [urlsplit(step.url).path for step in answer.history] == [
        *("/login", "/login/edx-oauth2/", "/oauth2/authorize", "/complete/edx-oauth2/", "/"),
    ]
    output = browser.account_at_shop()
    assert output == "sara sara@example.com Sara Learner True False\n"


def test_who_leaves_the_shop_leaves_the_lms(world: World) -> None:
    browser = world.learner("lotta")
    browser.see(f"{world.shop}/login/")
    assert browser.see(f"{world.shop}/logout/").url == f"{world.lms}/"
    assert browser.see(f"{world.lms}/dashboard").url.startswith(f"{world.lms}/login")


def test_a_wrong_secret_at_the_lms_is_named(world: World) -> None:
    browser = world.learner("wanda")
    change = (
        "from rehearsal.ecommerce.core.models import SiteConfiguration\n"
        "site = SiteConfiguration.objects.get()\n"
        "site.oauth_settings['SOCIAL_AUTH_EDX_OAUTH2_SECRET'] = {!r}\n"
        "site.save()"
    )
    world.shop_shell(change.format("another"))
    answer = browser.see(f"{world.shop}/login")
    world.shop_shell(change.format(SECRETS["sso"]))
    assert answer.status_code == 502
    assert "status 401" in answer.text
    assert "another" not in answer.text


def test_the_request_to_the_lms_is_the_real_services(
    client: Client, site: SiteConfiguration
) -> None:
    answer = client.get("/login/edx-oauth2/?next=/basket/")
    location = urlsplit(answer.headers["Location"])
    query = parse_qs(location.query)
    state = query["state"][0]
    assert f"{location.scheme}://{location.netloc}{location.path}" == (
        "https://lms.example.com/oauth2/authorize"
    )
    assert query == {
        "client_id": ["sso-key"],
        "redirect_uri": [f"http://testserver/complete/edx-oauth2/?redirect_state={state}"],
        "state": [state],
        "response_type": ["code"],
        "scope": ["user_id profile email"],
    }


@pytest.mark.parametrize("query", ["", "?code=x&state=guessed"])
def test_an_answer_that_was_not_asked_for_is_refused(
    query: str, client: Client, site: SiteConfiguration
) -> None:
    client.get("/login/edx-oauth2/")
    assert client.get(f"/complete/edx-oauth2/{query}").status_code == 400


def test_the_other_releases_backend_is_refused(client: Client, site: SiteConfiguration) -> None:
    assert client.get("/login/edx-oidc/").status_code == 404


def test_a_host_without_a_site_says_what_to_run(client: Client, db: None) -> None:
    answer = client.get("/login/edx-oauth2/", headers={"Host": "other.example.com"})
    assert answer.status_code == 500
    assert "create_or_update_site" in answer.content.decode()


def test_both_services_name_their_release(world: World) -> None:
    assert requests.get(f"{world.lms}/heartbeat", timeout=TIMEOUT).ok
    health = requests.get(f"{world.shop}/health/", timeout=TIMEOUT)
    assert (health.status_code, health.json()["overall_status"]) == (200, "OK")
