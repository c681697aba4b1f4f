import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ocim import wiring
from ocim.core.access import FLEET, Role
from ocim.store.models import OpenEdXInstance, RoleGrant
from tests.browsers import browser_of
from tests.validator import MISSING, Validator
from tests.web.fleet import make_instance
from tests.world import World

ONCE = re.compile(r'(name="csrfmiddlewaretoken" value|token)="[^"]+"')
"""Parts that differ in every rendering of a page."""


@pytest.fixture(scope="session", autouse=True)
def valid_pages() -> Iterator[None]:
    """Let a test fail that gets a page, or a part of a page, which is not valid HTML."""
    if MISSING:
        yield
        return
    request = Client.request
    with Validator() as validator, pytest.MonkeyPatch.context() as patch:

        def validated(client: Client, **environ: Any) -> Any:
            response = request(client, **environ)
            if response.headers.get("Content-Type", "").startswith("text/html"):
                html = ONCE.sub(r'\1="once"', response.content.decode())
                faults = validator.faults(html)
                assert not faults, (environ["PATH_INFO"], faults)
            return response

        patch.setattr(Client, "request", validated)
        yield


def signed_in(name: str, role: Role | None = None, organization: str = FLEET) -> Client:
    """Return a browser of a new account with a role, or without any."""
    user = User.objects.create_user(name)
    if role:
        RoleGrant.objects.create(user=user, role=role, organization=organization)
    return browser_of(user)


@pytest.fixture
def demo(db: None) -> OpenEdXInstance:
    return make_instance()


@pytest.fixture
def admin(db: None) -> Client:
    """Return a signed-in browser whose account may do everything."""
    return browser_of(User.objects.create_superuser("admin"))


@pytest.fixture
def guest(db: None) -> Client:
    """Return a signed-in browser whose account may only read."""
    return signed_in("guest", Role.VIEWER)


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Yield the outside in memory, which the pages reach, too."""
    world = World()
    adapters = world.context().adapters
    monkeypatch.setattr(wiring, "adapters", lambda: adapters)
    wiring.context.cache_clear()
    yield world
    wiring.context.cache_clear()
