"""Single sign-on at a real provider, through the real web server."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browser.manager import Manager
from tests.identity_provider import PASSWORD

pytestmark = pytest.mark.xdist_group("browser")


def sign_in(manager: Manager, name: str, **claims: Any) -> httpx.Response:
    """Return the page to which somebody with these claims comes who signs in at the provider."""
    manager.provider.person(name, **claims)
    with httpx.Client(follow_redirects=True, timeout=20) as browser:
        page = browser.get(f"{manager.url}/sign-in/single/?next=/account/")
        assert urlsplit(str(page.url)).path == "/login/"
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        return browser.post(page.url, data=form)


def test_who_has_a_group_signs_in_with_its_role(manager: Manager) -> None:
    claims = {"email": "mira@example.com", "email_verified": True, "groups": ["campus", "ops"]}
    page = sign_in(manager, "mira", **claims)
    assert page.url == f"{manager.url}/account/"
    assert "releaser of the whole fleet" in page.text
    assert "operator of Campus" in page.text
    assert "mira@example.com" in page.text
    page = sign_in(manager, "mira", groups=["campus"])
    assert "operator of Campus" in page.text
    assert "releaser" not in re.findall("<dt>Roles</dt>.*", page.text)[0]


def test_who_has_no_group_gets_in_nowhere(manager: Manager) -> None:
    page = sign_in(manager, "eve", groups=["visitors"])
    assert page.status_code == 403
    assert "gives you no role here" in page.text


def test_the_name_of_a_local_administrator_is_no_way_in(manager: Manager) -> None:
    page = sign_in(manager, "admin", groups=["ops"])
    assert page.status_code == 403
    assert "exists already, and is not linked" in page.text
