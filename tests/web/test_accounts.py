"""The pages of people, of one's own tokens and of one's own sessions."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ocim.core.access import Grant, Role
from ocim.operations import tokens
from ocim.operations.access import grants_of
from ocim.store.models import ApiToken, Session
from ocim.web.account import browser_name
from ocim.wiring import context
from tests.web.conftest import signed_in

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def mira(db: None) -> User:
    return User.objects.create_user("mira", password=PASSWORD)


def browser(address: str = "203.0.113.7", agent: str = FIREFOX) -> Client:
    """Return a browser in which Mira signed in."""
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    data = {"username": "mira", "password": PASSWORD}
    assert client.post(reverse("sign-in"), data).status_code == 302
    return client


def page(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def act(client: Client, user: User, kind: str, **data: str) -> str:
    """Send a form of a person's page, and return the page that follows."""
    answer = client.post(reverse("person-act", args=[user.pk, kind]), data, follow=True)
    return answer.content.decode()


def test_who_gets_an_account_sets_a_password_by_a_link_that_works_once(
    admin: Client, client: Client
) -> None:
    form = {"name": "eve", "email": "eve@example.com", "role": "operator", "organization": "Campus"}
    html = admin.post(reverse("create-person"), form).content.decode()
    link = re.search(r'<pre id="link">http://testserver(.*)</pre>', html)
    assert link
    answer = client.get(link[1], follow=True)
    where = answer.redirect_chain[-1][0]
    data = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post(where, data).headers["Location"] == reverse("sign-in")
    eve = User.objects.get(username="eve")
    assert eve.check_password(PASSWORD)
    assert grants_of(eve) == {Grant(Role.OPERATOR, "Campus")}
    assert "This link was used already" in Client().get(link[1], follow=True).content.decode()


def test_a_refused_account_keeps_what_was_typed(admin: Client, mira: User) -> None:
    form = {"name": "mira", "email": "nonsense", "role": "releaser", "organization": "Campus"}
    html = admin.post(reverse("create-person"), form).content.decode()
    assert "username: A user with that username already exists." in html
    assert 'value="nonsense"' in html
    assert "<option selected>releaser</option>" in html


def test_roles_are_granted_and_revoked(admin: Client, mira: User) -> None:
    html = act(admin, mira, "grant", role="operator", organization="Campus")
    assert "mira is operator of Campus." in html
    assert grants_of(mira) == {Grant(Role.OPERATOR, "Campus")}
    act(admin, mira, "revoke", organization="Campus")
    assert grants_of(mira) == set()


def test_a_role_that_does_not_exist_is_refused(admin: Client, mira: User) -> None:
    assert "Choose viewer, operator, releaser or admin." in act(admin, mira, "grant", role="king")


def test_the_last_administrator_stays_enabled(admin: Client) -> None:
    html = act(admin, User.objects.get(username="admin"), "disable")
    assert "admin is the only administrator of the whole fleet." in html


def test_a_disabled_account_is_signed_out(admin: Client, mira: User) -> None:
    theirs = browser()
    act(admin, mira, "disable")
    assert theirs.get(reverse("account")).status_code == 302
    assert "disabled" in page(admin, "people")
    act(admin, mira, "enable")
    browser()


def test_an_administrator_ends_a_persons_sessions(admin: Client, mira: User) -> None:
    theirs = browser()
    assert "Ended 1 session of mira." in act(admin, mira, "sign-out")
    assert theirs.get(reverse("account")).status_code == 302


def test_only_administrators_have_a_link_to_people(admin: Client, guest: Client) -> None:
    assert reverse("people") in page(admin, "account")
    assert reverse("people") not in page(guest, "account")


def test_a_new_token_is_shown_once_and_works(db: None) -> None:
    client = signed_in("eve", Role.OPERATOR)
    form = {"name": "ci", "role": "viewer", "organization": "Campus", "days": "7"}
    html = client.post(reverse("create-token"), form).content.decode()
    shown = re.search(r'<pre id="token">(ocim_\S+)</pre>', html)
    assert shown
    assert tokens.check(shown[1], context=context())[1].grants == {Grant(Role.VIEWER, "Campus")}
    html = page(client, "account")
    assert "viewer of Campus" in html
    assert shown[1] not in html


@pytest.mark.parametrize(
    "form, fault",
    [
        ({"name": "ci", "role": "admin", "days": "7"}, "eve is not admin of the whole fleet"),
        ({"name": "ci", "role": "viewer", "days": "many"}, "is not between 1 and 366"),
        ({"name": "", "role": "viewer", "days": "7"}, "name: "),
        ({"name": "ci", "role": "king", "days": "7"}, "role: &#x27;king&#x27; is none"),
    ],
)
def test_an_impossible_token_is_refused(db: None, form: dict[str, str], fault: str) -> None:
    client = signed_in("eve", Role.OPERATOR)
    html = client.post(reverse("create-token"), form, follow=True).content.decode()
    assert fault in html
    assert f'value="{form["days"]}"' in html  # what was typed stays
    assert not ApiToken.objects.exists()


def test_a_person_revokes_only_their_own_tokens(guest: Client, mira: User) -> None:
    now = timezone.now()
    owners = (User.objects.get(username="guest"), mira)
    own, other = (
        owner.api_tokens.create(
            name="ci", role="viewer", hash=owner.username, created=now, expires_at=now
        )
        for owner in owners
    )
    statuses = [
        guest.post(reverse("revoke-token", args=[token.pk])).status_code for token in (own, other)
    ]
    assert statuses == [302, 404]
    assert list(ApiToken.objects.all()) == [other]


def test_sessions_are_listed_with_browser_and_address(mira: User) -> None:
    first = browser()
    browser("198.51.100.9", "curl/8.0")
    html = page(first, "account")
    assert "Firefox on Linux" in html
    assert "203.0.113.7" in html
    assert "curl/8.0" in html
    assert "198.51.100.9" in html
    assert html.count("this session") == 1


def test_no_page_has_the_key_of_a_session(mira: User) -> None:
    client = browser()
    html = page(client, "account")
    assert not any(key in html for key in Session.objects.values_list("session_key", flat=True))


def test_one_session_is_ended(mira: User) -> None:
    mine, other, third = browser(), browser(), browser()
    row = Session.objects.get(pk=other.session.session_key)
    mine.post(reverse("end-sessions"), {"session": row.public_id})
    statuses = [client.get(reverse("account")).status_code for client in (mine, other, third)]
    assert statuses == [200, 302, 200]


def test_all_other_sessions_are_ended(mira: User) -> None:
    mine, other, third = browser(), browser(), browser()
    mine.post(reverse("end-sessions"))
    statuses = [client.get(reverse("account")).status_code for client in (mine, other, third)]
    assert statuses == [200, 302, 302]


def test_a_session_of_somebody_else_is_not_ended(mira: User, guest: Client) -> None:
    mine = browser()
    row = Session.objects.get(pk=mine.session.session_key)
    html = guest.post(reverse("end-sessions"), {"session": row.public_id}, follow=True)
    assert "This session has ended already." in html.content.decode()
    assert mine.get(reverse("account")).status_code == 200


def test_a_changed_password_removes_the_other_sessions(mira: User) -> None:
    mine = browser()
    browser()
    data = {"old_password": PASSWORD}
    data |= dict.fromkeys(("new_password1", "new_password2"), "a longer and a better one")
    mine.post(reverse("password"), data)
    [row] = Session.objects.all()
    assert row.pk == mine.session.session_key
    assert row.address == "203.0.113.7"


def test_the_time_of_the_last_request_is_written_once_a_minute(mira: User) -> None:
    client = browser()
    before = timezone.now() - timedelta(minutes=2)
    Session.objects.update(seen_at=before)
    client.get(reverse("account"))
    first = Session.objects.get().seen_at
    client.get(reverse("account"))
    assert first > before
    assert Session.objects.get().seen_at == first


def test_a_sign_in_deletes_expired_sessions(mira: User) -> None:
    browser()
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    browser()
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "header, name",
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604", "Safari on iPhone"),
        ("curl/8.0", "curl/8.0"),
        ("", "unknown"),
    ],
)
def test_a_browser_is_named(header: str, name: str) -> None:
    assert browser_name(header) == name
