import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from ocim.store.models import OpenEdXInstance
from tests.web.fleet import make_instance


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
    client = Client()
    user = User.objects.create_user("guest")
    user.user_permissions.add(Permission.objects.get(codename="view_openedxinstance"))
    client.force_login(user)
    return client


@pytest.fixture
def nobody(db: None) -> Client:
    """Return a signed-in browser whose account has no right."""
    client = Client()
    client.force_login(User.objects.create_user("nobody"))
    return client


@pytest.fixture
def operator(db: None) -> Client:
    """Return a signed-in browser whose account may change things, but not see secrets."""
    client = Client()
    user = User.objects.create_user("operator")
    user.user_permissions.add(Permission.objects.get(codename="change_openedxinstance"))
    client.force_login(user)
    return client
