import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ocim.store.models import OpenEdXInstance
from tests.web.fleet import make_appserver

PAGES = [
    "instances",
    "instance",
    "instance-progress",
    "instance-events",
    "spawn",
    "services",
    "switch-services",
    "set-up-services",
    "appserver",
    "appserver-progress",
    "appserver-events",
    "appserver-log-pages",
    "appserver-log",
    "preview-password",
]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_asks_strangers_to_sign_in(
    client: Client, demo: OpenEdXInstance, name: str
) -> None:
    address = reverse(name, args=[] if name == "instances" else [make_appserver(demo).pk])
    for response in (client.get(address), client.post(address)):
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("sign-in"))


def test_signing_in_leads_to_where_one_wanted_to_go(client: Client, demo: OpenEdXInstance) -> None:
    User.objects.create_user("mira", password="right")
    wanted = reverse("instance", args=[demo.pk])
    response = client.post(
        reverse("sign-in"), {"username": "mira", "password": "right", "next": wanted}
    )
    assert response.headers["Location"] == wanted


def test_a_wrong_password_is_told_without_saying_which_half_is_wrong(
    client: Client, db: None
) -> None:
    User.objects.create_user("mira", password="right")
    answers = [
        client.post(reverse("sign-in"), {"username": name, "password": "wrong"}).content.decode()
        for name in ("mira", "nobody")
    ]
    assert all("Wrong name or password" in html for html in answers)


def test_signing_out_leads_to_the_sign_in_page(admin: Client) -> None:
    assert admin.post(reverse("sign-out")).headers["Location"] == reverse("sign-in")
    assert admin.get(reverse("instances")).status_code == 302


def test_forms_of_other_sites_are_refused(demo: OpenEdXInstance) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("admin"))
    assert strict.post(reverse("spawn", args=[demo.pk])).status_code == 403


@pytest.mark.parametrize("address", ["/", "/no-such-page/", "/sign-in/", "/static/web/style.css"])
def test_every_response_forbids_what_is_inline_or_from_elsewhere(
    admin: Client, address: str
) -> None:
    response = admin.get(address)
    response.close()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
