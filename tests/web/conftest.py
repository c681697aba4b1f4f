import pytest
from django.contrib.auth.models import User
from django.test import Client

from ocim.core.access import FLEET, Role
from ocim.store.models import OpenEdXInstance, RoleGrant
from tests.web.fleet import make_instance


def signed_in(name: str, role: Role | None = None, organization: str = FLEET) -> Client:
    """Return a browser of a new account with a role, or without any."""
    user = User.objects.create_user(name)
    if role:
        RoleGrant.objects.create(user=user, role=role, organization=organization)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def demo(db: None) -> OpenEdXInstance:
    return make_instance()


@pytest.fixture
def admin(db: None) -> Client:
    """Return a signed-in browser whose account may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def guest(db: None) -> Client:
    """Return a signed-in browser whose account may only read."""
    return signed_in("guest", Role.VIEWER)
