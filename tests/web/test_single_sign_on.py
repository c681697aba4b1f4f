"""The way to a provider of single sign-on and back, with a provider in memory."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from ocim import wiring
from ocim.adapters.memory.identity import ISSUER, MemoryIdentityProvider
from ocim.core.single_sign_on import Identity, read_rules
from ocim.store.models import Session
from ocim.web import single_sign_on

RETURN = {"code": "code", "state": "state"}


@pytest.fixture(autouse=True)
def provider(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> MemoryIdentityProvider:
    """Return the provider of the settings, where Mira has a viewer's group."""
    fake = MemoryIdentityProvider()
    fake.people["code"] = Identity(ISSUER, "1234", "mira", "", frozenset({"staff"}))
    settings.OCIM = replace(
        settings.OCIM, oidc_issuer=ISSUER, oidc_roles=read_rules("staff=viewer")
    )
    context = wiring.context()
    adapters = replace(context.adapters, identity_provider=fake)
    monkeypatch.setattr(single_sign_on, "context", lambda: replace(context, adapters=adapters))
    return fake


def begin(client: Client, **query: str) -> Any:
    return client.get(reverse("single-sign-on"), query)


def come_back(client: Client, **query: str) -> Any:
    return client.get(reverse("single-sign-on-return"), RETURN | query)


def test_the_sign_in_page_leads_to_the_provider_and_on_to_what_was_wanted(client: Client) -> None:
    html = client.get(reverse("sign-in"), {"next": "/rollouts/?a=b&c=d"}).content.decode()
    link = reverse("single-sign-on") + "?next=%2Frollouts%2F%3Fa%3Db%26c%3Dd"
    assert f'href="{link}"' in html
    assert client.get(link).headers["Location"].startswith(ISSUER)
    assert come_back(client).headers["Location"] == "/rollouts/?a=b&c=d"
    assert client.get(reverse("instances")).status_code == 200


def test_a_session_has_another_key_and_ends_after_twelve_hours(client: Client) -> None:
    begin(client)
    before = client.session.session_key
    come_back(client)
    assert client.session.session_key != before
    assert client.session.get_expiry_age() == 12 * 3600
    assert Session.objects.get().user == User.objects.get()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert"])
def test_no_other_site_is_led_to(client: Client, target: str) -> None:
    begin(client, next=target)
    assert come_back(client).headers["Location"] == "/"


@pytest.mark.parametrize("state", ["", "guessed", "stäte"])
def test_an_answer_with_another_state_signs_nobody_in(client: Client, state: str) -> None:
    begin(client)
    answer = come_back(client, state=state)
    assert answer.status_code == 403
    assert "was not begun in this browser" in answer.content.decode()
    assert not User.objects.exists()


def test_an_answer_that_another_browser_asked_for_signs_nobody_in(client: Client) -> None:
    begin(client)
    assert come_back(Client()).status_code == 403


def test_an_answer_works_once(client: Client) -> None:
    begin(client)
    come_back(client)
    client.logout()
    assert come_back(client).status_code == 403


def test_a_refusal_of_the_provider_is_told(client: Client) -> None:
    begin(client)
    query = {"state": "state", "error": "access_denied<b>"}
    answer = client.get(reverse("single-sign-on-return"), query)
    assert answer.status_code == 403
    assert "signed nobody in: access_denied&lt;b&gt;." in answer.content.decode()


def test_who_has_no_role_gets_in_nowhere(client: Client, provider: MemoryIdentityProvider) -> None:
    provider.people["code"] = Identity(ISSUER, "1234", "mira", "", frozenset({"visitors"}))
    begin(client)
    answer = come_back(client)
    assert answer.status_code == 403
    assert "gives you no role here" in answer.content.decode()
    assert client.get(reverse("account")).status_code == 302


def test_while_the_provider_is_away_a_page_says_so_and_passwords_work(
    client: Client, provider: MemoryIdentityProvider
) -> None:
    provider.away = True
    answer = begin(client)
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()
    User.objects.create_user("eve", password="right")
    data = {"username": "eve", "password": "right"}
    assert client.post(reverse("sign-in"), data).status_code == 302


def test_who_is_signed_in_stays_so(admin: Client) -> None:
    assert begin(admin).headers["Location"] == reverse("instances")
    assert come_back(admin).status_code == 403
    assert admin.get(reverse("account")).status_code == 200
