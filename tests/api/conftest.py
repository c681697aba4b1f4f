import pytest
from django.core.cache import cache

from ocim.core.access import Role
from ocim.store.models import OpenEdXInstance
from tests.api.client import Api, account
from tests.web.conftest import world
from tests.web.fleet import make_instance

__all__ = ["world"]


@pytest.fixture(autouse=True)
def unthrottled() -> None:
    """Forget how many requests an account has sent: other tests have accounts of the same id."""
    cache.clear()


@pytest.fixture
def demo(db: None) -> OpenEdXInstance:
    return make_instance()


@pytest.fixture
def admin(db: None) -> Api:
    return account("admin", Role.ADMIN)


@pytest.fixture
def operator(db: None) -> Api:
    return account("operator", Role.OPERATOR)


@pytest.fixture
def viewer(db: None) -> Api:
    return account("viewer", Role.VIEWER)
