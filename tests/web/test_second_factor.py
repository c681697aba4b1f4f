"""The pages of the second factor, and sign-ins that need it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pyotp import TOTP
from pytest_django import Settings

from ocim.core.access import Role
from ocim.operations import second_factor, tokens
from ocim.store.models import AuditEntry, SecondFactor
from ocim.wiring import context
from tests.web.conftest import signed_in

PASSWORD = "correct horse battery"


@pytest.fixture
def mira(db: None) -> User:
    user = User.objects.create_user("mira", password=PASSWORD)
    user.role_grants.create(role=Role.VIEWER)
    return user


@pytest.fixture
def codes(mira: User) -> list[str]:
    """Return the recovery codes of Mira, who has a second factor."""
    second_factor.begin(user=mira)
    earlier = timezone.now() - timedelta(seconds=30)
    code = TOTP(SecondFactor.objects.get().secret).at(earlier)
    shown = second_factor.confirm(user=mira, code=code, but=None, context=context())
    return [item.reveal() for item in shown]


def app_code() -> str:
    return TOTP(SecondFactor.objects.get().secret).at(timezone.now())


def type_password(client: Client, **data: str) -> str:
    """Sign in with the password, and return the address of the page that follows."""
    form = {"username": "mira", "password": PASSWORD, **data}
    return client.post(reverse("sign-in"), form).headers["Location"]


def type_code(client: Client, code: str) -> int:
    return client.post(reverse("second-step"), {"code": code}).status_code


def is_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def test_it_is_set_up_with_an_app_and_recovery_codes_are_shown_once(mira: User) -> None:
    client = Client()
    type_password(client)
    html = client.post(reverse("second-factor-act", args=["begin"]), follow=True).content.decode()
    assert "<svg" in html
    shown = re.search(r'<code id="secret">(\w+)</code>', html)
    assert shown
    form = {"code": TOTP(shown[1]).at(timezone.now())}
    html = client.post(reverse("second-factor-act", args=["confirm"]), form).content.decode()
    assert len(re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}", html)) == second_factor.CODES
    html = client.get(reverse("second-factor")).content.decode()
    assert "Recovery codes left: 10." in html
    assert shown[1] not in html


def test_new_recovery_codes_need_a_code_and_end_the_old_ones(
    client: Client, mira: User, codes: list[str]
) -> None:
    type_password(client)
    type_code(client, codes[0])
    renew = reverse("second-factor-act", args=["renew"])
    assert "The code is wrong." in client.post(renew, {"code": "x"}, follow=True).content.decode()
    html = client.post(renew, {"code": codes[1]}).content.decode()
    new = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}", html)
    assert len(set(new) - set(codes)) == second_factor.CODES
    assert not second_factor.check(user=mira, code=codes[2], context=context())
    assert second_factor.check(user=mira, code=new[0], context=context())
    entry = AuditEntry.objects.get(action="user.renew-recovery-codes")
    assert (entry.actor_name, entry.target_name) == ("mira", "mira")


def test_a_password_alone_signs_nobody_in(client: Client, codes: list[str]) -> None:
    assert type_password(client) == reverse("second-step")
    assert not is_in(client)


def test_the_second_step_leads_to_what_was_wanted(client: Client, codes: list[str]) -> None:
    type_password(client, next="/rollouts/")
    answer = client.post(reverse("second-step"), {"code": app_code()})
    assert answer.headers["Location"] == "/rollouts/"
    assert is_in(client)
    assert client.session.get_expiry_age() == django_settings.SESSION_COOKIE_AGE


def test_a_recovery_code_replaces_the_app(client: Client, codes: list[str]) -> None:
    type_password(client)
    assert type_code(client, codes[0]) == 302
    assert is_in(client)


def test_a_wrong_code_signs_nobody_in(client: Client, codes: list[str]) -> None:
    type_password(client)
    assert type_code(client, "nonsense") == 200
    assert not is_in(client)


def test_the_second_step_needs_the_first(client: Client, codes: list[str]) -> None:
    assert client.get(reverse("second-step")).headers["Location"] == reverse("sign-in")
    assert type_code(client, app_code()) == 302
    assert not is_in(client)


def test_the_second_step_ends_when_the_password_is_changed(
    client: Client, mira: User, codes: list[str]
) -> None:
    type_password(client)
    mira.set_password("another horse battery")
    mira.save()
    type_code(client, app_code())
    assert not is_in(client)


def test_the_second_step_waits_ten_minutes(
    client: Client, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_password(client)
    monkeypatch.setattr("ocim.web.second_factor.WAIT", 0)
    type_code(client, app_code())
    assert not is_in(client)


def test_codes_are_throttled_as_passwords_are(client: Client, codes: list[str]) -> None:
    type_password(client)
    for _ in range(django_settings.AXES_FAILURE_LIMIT):
        type_code(client, "000000x")
    assert type_code(client, app_code()) == 429
    other = Client(REMOTE_ADDR="203.0.113.9")
    form = {"username": "mira", "password": PASSWORD}
    assert other.post(reverse("sign-in"), form).status_code == 429


def test_a_right_password_forgets_no_wrong_codes(client: Client, codes: list[str]) -> None:
    type_password(client)
    type_code(client, "000000x")
    type_password(client)
    assert AccessAttempt.objects.get().failures_since_start == 1
    type_code(client, codes[0])
    assert not AccessAttempt.objects.exists()


def test_removing_it_needs_a_code(client: Client, codes: list[str], mira: User) -> None:
    client.force_login(mira)
    remove = reverse("second-factor-act", args=["remove"])
    assert "The code is wrong" in client.post(remove, {"code": "x"}, follow=True).content.decode()
    assert second_factor.is_on(mira)
    client.post(remove, {"code": codes[0]})
    assert not second_factor.is_on(mira)


def test_an_administrator_removes_that_of_somebody_else(
    admin: Client, codes: list[str], mira: User
) -> None:
    page = admin.get(reverse("person", args=[mira.pk])).content.decode()
    reset = reverse("person-act", args=[mira.pk, "reset-second-factor"])
    assert reset in page
    admin.post(reset)
    assert type_password(Client()) == "/"


def test_tokens_need_no_code(client: Client, codes: list[str], mira: User) -> None:
    _, text = tokens.create(owner=mira, name="ci", role=Role.VIEWER, context=context())
    headers = {"Authorization": f"Bearer {text.reveal()}"}
    assert client.get("/api/v1/instances", headers=headers).status_code == 200


class TestRequired:
    """An installation that requires second factors."""

    @pytest.fixture(autouse=True)
    def required(self, settings: Settings) -> None:
        settings.OCIM = replace(settings.OCIM, require_second_factor=True)

    def test_who_has_none_is_led_to_its_set_up(self, mira: User, client: Client) -> None:
        type_password(client)
        for name in ("instances", "rollouts", "create-token"):
            answer = client.post(reverse(name)) if "token" in name else client.get(reverse(name))
            assert answer.headers["Location"] == reverse("second-factor")
        assert "requires it" in client.get(reverse("second-factor")).content.decode()

    def test_who_has_none_is_a_stranger_to_the_api(self, mira: User, client: Client) -> None:
        type_password(client)
        assert client.get("/api/v1/instances").status_code == 401

    def test_who_has_one_gets_in(self, codes: list[str], client: Client) -> None:
        type_password(client)
        type_code(client, codes[0])
        assert client.get(reverse("instances")).status_code == 200

    def test_tokens_work_as_before(self, mira: User, client: Client) -> None:
        _, text = tokens.create(owner=mira, name="ci", role=Role.VIEWER, context=context())
        headers = {"Authorization": f"Bearer {text.reveal()}"}
        assert client.get("/api/v1/instances", headers=headers).status_code == 200

    def test_whom_a_provider_signed_in_needs_none_here(self, mira: User) -> None:
        client = signed_in("eve", Role.VIEWER)
        session = client.session
        session["needs_no_code"] = True
        session.save()
        assert client.get(reverse("instances")).status_code == 200
