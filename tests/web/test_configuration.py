"""The page of an instance's effective configuration."""

import re

from django.test import Client
from django.urls import reverse

from ocim.store.models import OpenEdXInstance
from tests.web.fleet import make_appserver


def page(client: Client, demo: OpenEdXInstance, **query: str) -> str:
    return client.get(reverse("configuration", args=[demo.pk]), query).content.decode()


def test_it_names_layers_and_hides_secrets(guest: Client, demo: OpenEdXInstance) -> None:
    OpenEdXInstance.objects.update(configuration_extra_settings="EDXAPP_CONTACT_EMAIL: a@b.c\n")
    html = page(guest, demo)
    assert "<code>configuration_extra_settings</code>" in html
    assert "a@b.c" in html
    assert re.search(r"<dt>EDXAPP_EDXAPP_SECRET_KEY</dt><dd>\*{8}</dd>", html)
    assert demo.jwt_private_key not in html


def test_a_search_finds_names_and_values(guest: Client, demo: OpenEdXInstance) -> None:
    html = page(guest, demo, q="OPS@example")
    assert "EDXAPP_CONTACT_EMAIL" in html
    assert "EDXAPP_PLATFORM_NAME" not in html
    assert "EDXAPP_PLATFORM_NAME" in page(guest, demo, q="platform_name")


def test_a_search_does_not_find_secrets(guest: Client, demo: OpenEdXInstance) -> None:
    OpenEdXInstance.objects.update(configuration_extra_settings="SHOP_PASSWORD: secret-word\n")
    assert "0 of " in page(guest, demo, q="secret-word")


def test_it_tells_what_the_next_app_server_changes(guest: Client, demo: OpenEdXInstance) -> None:
    assert "no app server to compare with" in page(guest, demo)
    make_appserver(demo, is_active=True)
    assert "Nothing: it gets the same variables" in page(guest, demo)
    OpenEdXInstance.objects.update(name="Northern campus")
    assert re.search(r"<del>Demo</del>.*<ins>Northern campus</ins>", page(guest, demo), re.DOTALL)


def test_a_configuration_that_cannot_work_is_a_fault(guest: Client, demo: OpenEdXInstance) -> None:
    OpenEdXInstance.objects.update(configuration_extra_settings="a: 1\na: 2")
    assert "No app server can be spawned" in page(guest, demo)
