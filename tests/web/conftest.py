import pytest
from django.contrib.auth.models import User
from django.test import Client

from ocim.store.models import OpenEdXInstance
from tests.web.fleet import make_instance


@pytest.fixture
def demo(db: None) -> OpenEdXInstance:
    return make_instance()


@pytest.fixture
def admin(db: None) -> Client:
    """A browser in which somebody is signed in who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def guest(db: None) -> Client:
    """A browser in which somebody is signed in who may only look."""
    client = Client()
    client.force_login(User.objects.create_user("guest"))
    return client
