"""Attacks on the pages, as docs/explanation/security.md lists them."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ocim.core.access import Role
from ocim.operations import instances
from ocim.store.models import (
    AuditEntry,
    InstanceTag,
    Job,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    SavedFilter,
)
from ocim.wiring import context
from tests.web.conftest import signed_in
from tests.web.fleet import make_appserver, make_instance, make_rollout, write_line
from tests.web.test_rights import TABLE

MARKUP = "\"><img src=x onerror=alert(1)>'"
CHANGING = [name for name, (method, _, statuses) in TABLE.items() if statuses[4] in (200, 302)]
PAGES = [
    name
    for name, (method, _, statuses) in TABLE.items()
    if method == "get"
    and statuses[4] == 200
    and not name.endswith(("-events", "-download", "-log"))
]
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    " //evil.example",
)
LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
"""Aliases of aliases, which would be a billion items."""
SEARCHES = {
    "instances": ("q", "tag", "organization", "release", "provider", "state", "sort", "after"),
    "audit": ("actor", "action", "target", "instance", "since", "after"),
    "configuration": ("q",),
    "plan-rollout": ("filter",),
    "bulk": ("filter", "id", "change"),
}


@pytest.fixture
def ids(demo: OpenEdXInstance, admin: Client) -> dict[str, int]:
    """Return ids of objects of each kind; every text in them that people choose is markup."""
    instances.change(
        instance_id=demo.pk,
        changes={"name": MARKUP, "configuration_extra_settings": yaml.safe_dump({"A": MARKUP})},
        context=context(),
    )
    demo.refresh_from_db()
    demo.ref_set.organization = demo.ref_set.notes = MARKUP
    demo.ref_set.save()
    demo.tags.add(InstanceTag.objects.create(name=MARKUP))
    appserver = make_appserver(demo, "failed", failure=MARKUP)
    write_line(appserver, MARKUP, level="error", task=MARKUP)
    rollout = make_rollout(demo, tag=MARKUP, reason=MARKUP, sql=[MARKUP], started_by=MARKUP)
    rollout.upgrades.update(state="failed", failure=MARKUP, cause=MARKUP)
    user = User.objects.get(username="admin")
    SavedFilter.objects.create(user=user, name=MARKUP, query=f"q={MARKUP}")
    person = User.objects.create(username=MARKUP, email=f"{MARKUP}@example.com")
    pks = {"instance": demo.pk, "appserver": appserver.pk, "rollout": rollout.pk}
    return {**pks, "person": person.pk, "act": appserver.pk, "preview": appserver.pk}


def address(name: str, ids: dict[str, int]) -> str:
    """Return the address of a row of the table."""
    pk = ids.get(name.partition("-")[0], ids["instance"])
    return reverse(name, args=[pk if argument == 1 else argument for argument in TABLE[name][1]])


def written() -> tuple[Any, ...]:
    """Return what an attack would change."""
    return (
        list(Job.objects.values_list("pk")),
        list(Rollout.objects.values_list("pk", "state")),
        list(OpenEdXAppServer.objects.values_list("pk", "state", "is_active")),
        list(OpenEdXInstance.objects.values_list("pk", "name")),
        list(User.objects.values_list("pk", "is_active", "password")),
        AuditEntry.objects.count(),
    )


def test_a_form_without_the_token_of_its_page_does_nothing(
    admin: Client, ids: dict[str, int]
) -> None:
    admin.handler.enforce_csrf_checks = True
    before = written()
    foreign = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
    for name in CHANGING:
        response = admin.post(address(name, ids), {"confirmed": "yes"}, headers=foreign)
        assert response.status_code in (403, 405), name
        assert response.status_code == 405 or "Nothing was changed" in response.content.decode()
    assert written() == before


def test_texts_of_people_are_never_markup(admin: Client, ids: dict[str, int]) -> None:
    for name in PAGES:
        response = admin.get(address(name, ids), {"q": MARKUP} if name == "instances" else {})
        if response.headers["Content-Type"].startswith("text/html"):
            assert "<img src=x" not in response.content.decode(), name
        else:
            assert response.headers["X-Content-Type-Options"] == "nosniff", name


def test_a_sign_in_leads_to_no_other_site(db: None) -> None:
    User.objects.create_user("mira", password="right")
    for target in ELSEWHERE:
        client = Client()
        form = {"username": "mira", "password": "right", "next": target}
        response = client.post(reverse("sign-in"), form)
        assert response.headers["Location"] == reverse("instances"), target
        response = client.post(reverse("sign-out"), {"next": target})
        assert response.headers["Location"] == reverse("sign-in"), target


def test_a_session_that_was_planted_before_the_sign_in_is_worth_nothing(
    client: Client, db: None
) -> None:
    User.objects.create_user("mira", password="right")
    planted = "0" * 32
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    client.post(reverse("sign-in"), {"username": "mira", "password": "right"})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert attacker.get(reverse("account")).status_code == 302


def test_cookies_of_a_session_are_out_of_reach_of_scripts_and_other_sites(
    client: Client, db: None
) -> None:
    User.objects.create_user("mira", password="right")
    client.post(reverse("sign-in"), {"username": "mira", "password": "right"})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP"])
def test_a_made_up_address_does_not_get_around_the_lock(db: None, header: str) -> None:
    User.objects.create_user("mira", password="right")
    for number in range(settings.AXES_FAILURE_LIMIT):
        form = {"username": f"guess{number}", "password": "wrong"}
        Client(headers={header: f"198.51.100.{number}"}).post(reverse("sign-in"), form)
    form = {"username": "mira", "password": "right"}
    answer = Client(headers={header: "198.51.100.99"}).post(reverse("sign-in"), form)
    assert answer.status_code == 429


def test_a_token_opens_no_page(client: Client, demo: OpenEdXInstance, admin: Client) -> None:
    form = {"name": "ci", "role": "admin", "organization": "", "days": "1"}
    html = admin.post(reverse("create-token"), form).content.decode()
    [token] = re.findall(r'<pre id="token">(.+?)</pre>', html)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(reverse("api:instances"), headers=headers).status_code == 200
    for name in ("instances", "account", "people"):
        assert client.get(reverse(name), headers=headers).status_code == 302


def test_a_change_of_many_reaches_no_instance_of_another_organization(
    demo: OpenEdXInstance,
) -> None:
    other = make_instance("Other")
    for instance, organization in ((demo, "North"), (other, "South")):
        instance.ref_set.organization = organization
        instance.ref_set.save()
    mira = signed_in("mira", Role.OPERATOR, "North")
    for selection in ({"ids": f"{demo.pk},{other.pk}"}, {"filter": "organization=South"}):
        form = {"change": "tag", "tag": "mine", "confirmed": "yes", **selection}
        mira.post(reverse("bulk"), form)
    assert not other.tags.exists()
    releaser = signed_in("rhea", Role.RELEASER, "North")
    form = {"tag": "mine", "filter": f"id={other.pk}", "plan": "", "confirmation": "mine"}
    releaser.post(reverse("plan-rollout"), form)
    assert not Rollout.objects.exists()


def test_a_saved_filter_of_somebody_else_stays(admin: Client, demo: OpenEdXInstance) -> None:
    owner = User.objects.get(username="admin")
    saved = SavedFilter.objects.create(user=owner, name="mine", query="q=a")
    eve = signed_in("eve", Role.ADMIN)
    assert eve.post(reverse("forget-filter", args=[saved.pk])).status_code == 404
    assert SavedFilter.objects.filter(pk=saved.pk).exists()


def test_no_header_can_be_written_into_an_answer(admin: Client, ids: dict[str, int]) -> None:
    broken = "a\r\nSet-Cookie: planted=1\r\n\r\n<script>"
    htmx = {"HX-Request": "true", "HX-Current-URL": broken}
    for response in (
        admin.get("/", {"q": broken}, headers=htmx),
        admin.get("/", {"after": broken, "tag": broken}, headers=htmx),
        admin.post(reverse("save-filter"), {"name": broken, "query": f"q={broken}"}),
        admin.get(reverse("rollout-report", args=[ids["rollout"], "csv"])),
        admin.get(reverse("audit-download"), {"actor": broken}),
    ):
        assert response.status_code < 500
        assert "planted" not in response.cookies
        assert all("\n" not in value for value in response.headers.values())
        response.close()


def test_odd_searches_find_nothing_and_break_nothing(admin: Client, ids: dict[str, int]) -> None:
    for name, fields in SEARCHES.items():
        for value in ("\0", "\ud800", "%", "_" * 5000, "1' OR '1'='1", "é" * 300):
            text = value.encode("utf-8", "surrogatepass")
            for field in fields:
                assert admin.get(address(name, ids), {field: text}).status_code < 500, (name, field)


def test_yaml_is_data_and_never_code(admin: Client, demo: OpenEdXInstance) -> None:
    for text in (
        "a: !!python/object/apply:os.system ['exit']\n",
        LAUGHS,
        "a: " + "[" * 5000,
        "a: \0\n",
        "? [a]\n: b\n",
    ):
        fields = {"configuration_extra_settings": text, "step": "save", "version": ""}
        response = admin.post(reverse("edit-instance", args=[demo.pk]), fields)
        assert response.status_code < 500, text[:60]
        demo.refresh_from_db()
        assert demo.configuration_extra_settings == "", text[:60]


def test_no_path_leads_to_other_files(admin: Client, ids: dict[str, int]) -> None:
    for path in ("../manage.py", "%2e%2e/%2e%2e/manage.py", "web/../../settings.py", "/etc/passwd"):
        assert admin.get(f"/static/{path}").status_code == 404, path
    for form in ("../../settings", "..%2f..%2fetc%2fpasswd", "html%00", "exe"):
        assert admin.get(f"/rollouts/{ids['rollout']}/report.{form}").status_code == 404, form


def test_other_methods_are_refused(admin: Client, ids: dict[str, int]) -> None:
    before = written()
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "BREW"):
        for name in ("instances", "instance", "spawn", "act", "account", "rollout-act", "bulk"):
            status = admin.generic(method, address(name, ids)).status_code
            assert status == 405 or (method == "OPTIONS" and status == 200), (name, method)
    assert written() == before


def test_too_many_fields_are_refused(admin: Client) -> None:
    many = {f"field{number}": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert admin.post(reverse("bulk"), many).status_code == 400
