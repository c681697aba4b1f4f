"""Passkeys: added, used and removed."""

import json
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from ocim.core.access import Role
from ocim.operations import single_sign_on
from ocim.store.models import AuditEntry, Passkey
from tests.authenticator import FLAG, Device


@pytest.fixture
def mira(db: None) -> User:
    user = User.objects.create_user("mira", password="right")
    user.role_grants.create(role=Role.VIEWER)
    return user


@pytest.fixture
def device(mira: User) -> Device:
    """Return Mira's device, whose passkey her account has."""
    device = Device()
    assert "Added the passkey Phone." in add(mira, device)
    return device


def add(user: User, device: Device) -> str:
    """Add the device's passkey to an account, and return the page that follows."""
    client = Client()
    client.force_login(user)
    options = client.post(reverse("passkey-question")).json()
    if "error" in options:
        return str(options["error"])
    form = {"answer": device.create(options), "name": "Phone"}
    return client.post(reverse("add-passkey"), form, follow=True).content.decode()


def sign_in(device: Device, client: Client | None = None, **form: str) -> str:
    """Sign in with the device, and return the address of the page that follows."""
    client = client or Client()
    options = client.post(reverse("passkey-sign-in-question")).json()
    form = {"answer": device.get(options), **form}
    return client.post(reverse("passkey-sign-in"), form).headers["Location"]


def refused(device: Device) -> bool:
    return sign_in(device) == reverse("sign-in")


def test_a_device_signs_in_without_password_and_code(device: Device, client: Client) -> None:
    assert sign_in(device, client, next="/rollouts/") == "/rollouts/"
    assert client.get(reverse("account")).status_code == 200
    assert Passkey.objects.get().used_at


def test_a_new_passkey_is_recorded_and_listed(device: Device, mira: User, client: Client) -> None:
    client.force_login(mira)
    assert "Remove the passkey Phone" in client.get(reverse("account")).content.decode()
    assert AuditEntry.objects.filter(action="user.add-passkey", target_name="mira").exists()


def test_a_passkey_that_is_removed_signs_nobody_in(
    device: Device, mira: User, client: Client
) -> None:
    client.force_login(mira)
    client.post(reverse("remove-passkey", args=[Passkey.objects.get().pk]))
    assert refused(device)


def test_nobody_removes_the_passkey_of_somebody_else(device: Device, guest: Client) -> None:
    address = reverse("remove-passkey", args=[Passkey.objects.get().pk])
    assert guest.post(address).status_code == 404
    assert not refused(device)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://testserver:8080"},
        {"host": "evil.example"},
        {"flags": FLAG.UP},
        {"flags": FLAG.UV},
        {"credential_id": b"another passkey's id"},
        {"key": Device().key},
    ],
    ids=["site", "port", "host", "unverified", "absent", "unknown", "another key"],
)
def test_an_answer_that_does_not_fit_signs_nobody_in(
    device: Device, change: dict[str, object]
) -> None:
    assert refused(replace(device, **change))  # type: ignore[arg-type]
    assert not refused(device)


@pytest.mark.parametrize("change", [{"origin": "https://evil.example"}, {"flags": FLAG.UP}])
def test_an_answer_that_does_not_fit_adds_nothing(mira: User, change: dict[str, object]) -> None:
    html = add(mira, Device(**change))  # type: ignore[arg-type]
    assert "answer is not acceptable" in html
    assert not Passkey.objects.exists()


def test_an_answer_works_once(device: Device, client: Client) -> None:
    options = client.post(reverse("passkey-sign-in-question")).json()
    form = {"answer": device.get(options)}
    client.post(reverse("passkey-sign-in"), form)
    client.logout()
    answer = client.post(reverse("passkey-sign-in"), form)
    assert answer.headers["Location"] == reverse("sign-in")


def test_an_answer_to_another_question_signs_nobody_in(device: Device, client: Client) -> None:
    options = Client().post(reverse("passkey-sign-in-question")).json()
    client.post(reverse("passkey-sign-in-question"))
    answer = client.post(reverse("passkey-sign-in"), {"answer": device.get(options)})
    assert answer.headers["Location"] == reverse("sign-in")


EMPTY = {"id": "", "rawId": "", "type": "public-key", "response": {}}


@pytest.mark.parametrize(
    "answer",
    ["", "null", "[]", "{}", '{"response": 1}', json.dumps(EMPTY), "x" * 30_000, "[" * 9000],
)
@pytest.mark.parametrize("name", ["add-passkey", "passkey-sign-in"])
def test_what_no_browser_answers_is_refused(mira: User, name: str, answer: str) -> None:
    client = Client()
    client.force_login(mira)
    client.post(reverse("passkey-question"))
    assert client.post(reverse(name), {"answer": answer, "name": "x"}).status_code == 302
    assert not Passkey.objects.exists()


def test_a_copy_of_a_device_is_noticed(mira: User) -> None:
    device = Device(count=5)
    add(mira, device)
    copy = replace(device)
    assert not refused(device)
    assert refused(copy)


def test_a_passkey_belongs_to_one_account(device: Device) -> None:
    assert "already exists" in add(User.objects.create_user("eve"), device)


def test_a_disabled_account_stays_out(device: Device, mira: User) -> None:
    mira.is_active = False
    mira.save()
    assert refused(device)


def test_accounts_of_single_sign_on_have_none(device: Device, mira: User) -> None:
    single_sign_on.link(user=mira, issuer="https://id.example.com", subject="1234")
    assert refused(device)
    assert "needs no passkey" in add(mira, Device())


def test_a_passkey_is_enough_where_a_second_factor_is_required(
    device: Device, client: Client, settings: Settings
) -> None:
    settings.OCIM = replace(settings.OCIM, require_second_factor=True)
    sign_in(device, client)
    assert client.get(reverse("instances")).status_code == 200
