"""The page on which people ask for a link to set a password, and the link."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings

from ocim.core.actions import Action, MailPasswordLink
from ocim.core.mail import MailRelay
from ocim.operations.password_requests import PER_HOST, MailedTokens, mailed_tokens
from ocim.web import sign_in

NEW = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}


@pytest.fixture(autouse=True)
def sent(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Action]:
    """Return the actions for workers of an installation with a relay."""
    settings.OCIM = replace(settings.OCIM, smtp_url=MailRelay("mail.example.com", 25))
    actions: list[Action] = []
    monkeypatch.setattr(sign_in, "enqueue", actions.extend)
    return actions


@pytest.fixture
def mira() -> User:
    return User.objects.create_user("mira", "mira@example.org", "secret")


def ask(client: Client, address: str) -> str:
    return client.post(reverse("forgot-password"), {"email": address}).content.decode()


def open_link(client: Client, user: User, tokens: PasswordResetTokenGenerator) -> tuple[str, str]:
    """Follow a link with a token, and return the page's address and its text."""
    arguments = [urlsafe_base64_encode(force_bytes(user.pk)), tokens.make_token(user)]
    answer = client.get(reverse("reset-password", args=arguments), follow=True)
    return answer.request["PATH_INFO"], answer.content.decode()


def test_the_answer_is_the_same_whether_the_address_is_known(
    client: Client, mira: User, sent: list[Action]
) -> None:
    assert ask(client, "mira@example.org") == ask(client, "eve@example.org")
    assert sent == [MailPasswordLink("mira@example.org"), MailPasswordLink("eve@example.org")]


def test_the_sign_in_page_leads_there_only_if_there_is_a_relay(
    client: Client, settings: Settings
) -> None:
    link = reverse("forgot-password")
    assert link in client.get(reverse("sign-in")).content.decode()
    settings.OCIM = replace(settings.OCIM, smtp_url=None)
    assert link not in client.get(reverse("sign-in")).content.decode()
    assert client.post(link, {"email": "mira@example.org"}).status_code == 404


@pytest.mark.parametrize("address", ["", "mira", "\0@example.org"])
def test_what_is_no_address_is_not_looked_for(
    client: Client, sent: list[Action], address: str
) -> None:
    assert "Mail me a link" in ask(client, address)
    assert sent == []


def test_too_many_requests_of_a_host_are_refused(client: Client) -> None:
    for number in range(PER_HOST):
        ask(client, f"guess{number}@example.org")
    answer = client.post(reverse("forgot-password"), {"email": "mira@example.org"})
    assert answer.status_code == 429
    assert "requests from your network address" in answer.content.decode()


def test_a_mailed_link_sets_a_password_once(client: Client, mira: User) -> None:
    arguments = [urlsafe_base64_encode(force_bytes(mira.pk)), mailed_tokens.make_token(mira)]
    link = reverse("reset-password", args=arguments)
    where = client.get(link, follow=True).request["PATH_INFO"]
    assert client.post(where, NEW).headers["Location"] == reverse("sign-in")
    mira.refresh_from_db()
    assert mira.check_password(NEW["new_password1"])
    assert "used already, has expired" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize("minutes, works", [(59, True), (61, False)])
def test_a_mailed_link_works_for_an_hour(
    client: Client, mira: User, minutes: int, works: bool
) -> None:
    class Earlier(MailedTokens):
        def _now(self) -> datetime:
            return datetime.now() - timedelta(minutes=minutes)  # noqa: DTZ005 - as Django has it

    _, html = open_link(client, mira, Earlier())
    assert ("new_password1" in html) is works


def test_a_link_of_an_administrator_is_no_mailed_link(client: Client, mira: User) -> None:
    _, html = open_link(client, mira, PasswordResetTokenGenerator())
    assert "has expired" in html


def test_a_mailed_link_ends_with_the_next_sign_in(client: Client, mira: User) -> None:
    arguments = [urlsafe_base64_encode(force_bytes(mira.pk)), mailed_tokens.make_token(mira)]
    data = {"username": "mira", "password": "secret"}
    assert Client().post(reverse("sign-in"), data).status_code == 302
    answer = client.get(reverse("reset-password", args=arguments), follow=True)
    assert "has expired" in answer.content.decode()
