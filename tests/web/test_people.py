import logging
import re
from datetime import timedelta
from html import unescape

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ocim.store.models import OpenEdXInstance

PASSWORD = "correct horse battery staple"
ADDRESS = "203.0.113.7"
AXES_MODELS = (AccessAttempt, AccessFailureLog)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def mira(db: None) -> User:
    return User.objects.create_superuser("mira", "mira@campus.example", PASSWORD)


def sign_in(name: str, password: str, address: str = ADDRESS) -> int:
    """Try to sign in with a fresh browser, and return the status of the answer."""
    data = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(reverse("sign-in"), data).status_code


def fail(times: int, *, name: str = "mira", address: str = ADDRESS) -> None:
    for _ in range(times):
        sign_in(name, "wrong", address)


def test_an_account_is_locked_whatever_addresses_the_attempts_come_from(mira: User) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        fail(1, address=f"203.0.113.{number}")

    assert sign_in("mira", PASSWORD, "198.51.100.1") == 429


def test_an_address_is_locked_whatever_accounts_it_tries(mira: User) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        fail(1, name=f"guess{number}")

    assert sign_in("mira", PASSWORD) == 429
    assert sign_in("mira", PASSWORD, "198.51.100.1") == 302


def test_a_locked_sign_in_says_when_to_try_again_and_how_to_unlock(mira: User) -> None:
    fail(settings.AXES_FAILURE_LIMIT)

    data = {"username": "mira", "password": PASSWORD}
    answer = Client(REMOTE_ADDR=ADDRESS).post(reverse("sign-in"), data)

    assert answer.headers["Retry-After"] == "300"
    assert "locked for 5 minutes" in answer.content.decode()
    assert "ocim axes_reset_username" in answer.content.decode()


def test_an_account_that_is_not_there_is_locked_like_one_that_is(mira: User) -> None:
    fail(settings.AXES_FAILURE_LIMIT, name="nobody")

    assert sign_in("nobody", PASSWORD, "198.51.100.1") == 429


def test_a_sign_in_before_the_limit_sets_the_count_back(mira: User) -> None:
    for _ in range(2):
        fail(settings.AXES_FAILURE_LIMIT - 1)
        assert sign_in("mira", PASSWORD) == 302


def test_attempts_that_failed_are_logged_without_the_password(
    mira: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        sign_in("mira", "a wrong but secret guess")

    assert ADDRESS in caplog.text
    assert "guess" not in caplog.text


def test_no_password_is_kept_of_an_attempt(mira: User) -> None:
    sign_in("mira", "a wrong but secret guess")

    kept = [str(vars(item)) for model in AXES_MODELS for item in model.objects.all()]
    assert kept
    assert not any("guess" in item for item in kept)


def test_whoever_signs_in_is_told_of_attempts_since_the_last_time(
    client: Client, mira: User
) -> None:
    fail(2)

    client.post(reverse("sign-in"), {"username": "mira", "password": PASSWORD})

    page = client.get(reverse("instances")).content.decode()
    assert "2 attempts to sign in with your name failed since your last sign-in" in page
    assert '<a href="/password/">change your password</a>' in page
    assert f"from {ADDRESS}" in page


def test_attempts_from_before_the_last_sign_in_are_not_told_again(
    client: Client, mira: User
) -> None:
    fail(1)
    AccessFailureLog.objects.update(attempt_time=timezone.now() - timedelta(days=2))
    User.objects.update(last_login=timezone.now() - timedelta(days=1))

    client.post(reverse("sign-in"), {"username": "mira", "password": PASSWORD})

    assert "failed since" not in client.get(reverse("instances")).content.decode()


@pytest.mark.parametrize(
    "password, says",
    [
        ("short1!", "at least 12 characters"),
        ("123456789012", "entirely numeric"),
        ("qwerty123456", "too common"),
        ("campus.example", "too similar to the email address"),
    ],
)
def test_a_weak_password_is_refused(client: Client, mira: User, password: str, says: str) -> None:
    client.force_login(mira, backend=BACKEND)

    page = client.post(reverse("password"), change_to(password)).content.decode()

    assert says in page


def test_all_other_sessions_end_when_the_password_changes(client: Client, mira: User) -> None:
    other = Client()
    for item in (client, other):
        item.force_login(mira, backend=BACKEND)

    client.post(reverse("password"), change_to("a longer and a better one"))

    assert client.get(reverse("instances")).status_code == 200
    assert other.get(reverse("instances")).status_code == 302


@pytest.mark.parametrize("name", ["instances", "instance", "services"])
def test_browsers_keep_no_page(admin: Client, demo: OpenEdXInstance, name: str) -> None:
    page = reverse(name, args=[] if name == "instances" else [demo.pk])

    assert "no-store" in admin.get(page).headers["Cache-Control"]


def test_static_files_may_be_kept(client: Client, db: None) -> None:
    answer = client.get("/static/web/style.css")
    answer.close()

    assert "no-store" not in answer.headers["Cache-Control"]


def change_to(password: str) -> dict[str, str]:
    return {"old_password": PASSWORD, "new_password1": password, "new_password2": password}


def attempts(admin: Client, **query: str) -> str:
    return admin.get(reverse("sign-ins"), query).content.decode()


def test_attempts_to_sign_in_are_listed_with_their_results(mira: User, admin: Client) -> None:
    fail(1)
    sign_in("mira", PASSWORD, "198.51.100.1")
    html = attempts(admin)
    assert html.index("198.51.100.1") < html.index(ADDRESS)
    assert html.index("signed in") < html.index("failed: wrong password or code")


def test_what_is_typed_as_a_name_is_shown_only_if_it_is_an_accounts(
    mira: User, admin: Client
) -> None:
    sign_in("my secret password", "")
    fail(1, name="my secret password")
    html = attempts(admin)
    assert "my secret password" not in html
    assert "no such account" in html


def test_attempts_of_one_account_can_be_searched_for(mira: User, admin: Client) -> None:
    fail(1, address="203.0.113.1")
    fail(1, name="admin", address="203.0.113.2")
    html = attempts(admin, name="admin")
    assert "203.0.113.2" in html
    assert "203.0.113.1<" not in html


def test_older_attempts_are_on_further_pages(mira: User, admin: Client) -> None:
    now = timezone.now()
    for number in range(51):
        row = AccessFailureLog.objects.create(username="mira", ip_address=f"203.0.113.{number}")
        earlier = now - timedelta(minutes=number)
        AccessFailureLog.objects.filter(pk=row.pk).update(attempt_time=earlier)
    html = attempts(admin)
    assert "203.0.113.50" not in html
    link = re.search(r'rel="next" href="([^"]*)"', html)
    assert link
    older = admin.get(reverse("sign-ins") + unescape(link[1])).content.decode()
    assert "203.0.113.50" in older
    assert "203.0.113.48" not in older  # the first page has the admin's sign-in, too


@pytest.mark.parametrize("before", ["yesterday", "2026-13-01T00:00", "2026-01-01T00:00"])
def test_a_time_that_is_none_shows_the_newest(mira: User, admin: Client, before: str) -> None:
    fail(1)
    assert ADDRESS in attempts(admin, before=before)
