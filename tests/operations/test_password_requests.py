"""Links to set a password, by mail."""

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from ocim.core.actions import MailPasswordLink
from ocim.core.errors import Conflict
from ocim.core.mail import MailRelay
from ocim.operations import password_requests, single_sign_on
from ocim.operations.password_requests import PER_ADDRESS, PER_HOST
from ocim.store.models import AuditEntry, PasswordRequest
from tests.world import World

PAGES = "https://ocim.example.com"


@pytest.fixture
def mailing(world: World) -> World:
    relay = MailRelay("mail.example.com", 25)
    world.policy = replace(world.policy, mail=relay, mail_sender="ocim@example.com")
    return world


@pytest.fixture
def mira(db: None) -> User:
    return User.objects.create_user("mira", "mira@example.org", "secret")


def ask(world: World, address: str = "mira@example.org", host: str = "203.0.113.7") -> int:
    """Ask for a link, let the worker send it, and return the number of mails so far."""
    context = world.context()
    for action in password_requests.request(address=address, host=host, context=context):
        assert isinstance(action, MailPasswordLink)
        password_requests.mail(address=action.address, pages=PAGES, context=context)
    return len(world.mail.sent)


@pytest.mark.parametrize("typed", ["mira@example.org", " Mira@Example.org "])
def test_a_link_is_mailed_to_the_address_of_the_account(
    mailing: World, mira: User, typed: str
) -> None:
    ask(mailing, typed)
    [mail] = mailing.mail.sent
    assert (mail.sender, mail.recipient) == ("ocim@example.com", "mira@example.org")
    assert re.search(rf"^{PAGES}/password/reset/\S+/\S+/$", mail.text, re.MULTILINE)
    [entry] = AuditEntry.objects.filter(action="user.mail-password-link")
    assert entry.target_name == "mira"
    assert entry.after == {}


def test_an_unknown_address_gets_no_mail(mailing: World, mira: User) -> None:
    assert ask(mailing, "eve@example.org") == 0


def test_an_account_without_address_gets_no_mail(mailing: World) -> None:
    User.objects.create_user("eve")
    assert ask(mailing, "") == 0


def test_a_disabled_account_gets_no_mail(mailing: World, mira: User) -> None:
    mira.is_active = False
    mira.save()
    assert ask(mailing) == 0


def test_who_signs_in_at_a_provider_gets_no_way_around_it(mailing: World, mira: User) -> None:
    single_sign_on.link(user=mira, issuer="https://id.example.com", subject="1234")
    assert ask(mailing) == 0


def test_an_address_gets_few_mails_in_an_hour_from_whatever_hosts(
    mailing: World, mira: User
) -> None:
    counts = [ask(mailing, host=f"203.0.113.{number}") for number in range(PER_ADDRESS + 2)]
    assert counts[-1] == PER_ADDRESS
    mailing.clock.forward(3601)
    assert ask(mailing) == PER_ADDRESS + 1


def test_a_host_may_ask_for_few_addresses_in_an_hour(mailing: World) -> None:
    for number in range(PER_HOST):
        ask(mailing, f"guess{number}@example.org")
    with pytest.raises(Conflict, match="10 requests from your network address"):
        ask(mailing)
    ask(mailing, host="198.51.100.1")
    mailing.clock.forward(3601)
    ask(mailing)
    assert PasswordRequest.objects.count() == 1


def test_without_a_relay_nothing_is_sent(world: World, mira: User) -> None:
    assert ask(world) == 0
    assert not AuditEntry.objects.exists()
