from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.core.cache import cache
from xdist.scheduler import LoadScopeScheduling

from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from rehearsal.ecommerce.courses.models import Course
from rehearsal.ecommerce.courses.seats import put_seat
from rehearsal.ecommerce.partner.models import Partner
from tests.ecommerce.callers import token
from tests.ecommerce.configuration import LMS
from tests.ecommerce.world import World, running_world

NOBODY = "http://127.0.0.1:1"
"""Address of an LMS that is down."""


@pytest.fixture(scope="session", autouse=True)
def addresses() -> None:
    """Import the addresses as a server does, before a test pretends another release."""
    import_module("rehearsal.ecommerce.urls")


@pytest.fixture
def site(db: None) -> SiteConfiguration:
    """Create the site for the host of Django's test client, with nothing cached."""
    cache.clear()
    site = Site.objects.create(domain="testserver", name="Shop")
    partner = Partner.objects.create(code="demo", short_code="DEMO", name="Demo", default_site=site)
    return SiteConfiguration.objects.create(
        site=site,
        partner=partner,
        lms_url_root=NOBODY,
        payment_processors="test-card",
        client_side_payment_processor="test-card",
        from_email="shop@example.com",
        discovery_api_url="https://discovery.example.com/api/v1/",
        oauth_settings={
            "SOCIAL_AUTH_EDX_OAUTH2_URL_ROOT": LMS,
            "SOCIAL_AUTH_EDX_OAUTH2_LOGOUT_URL": f"{LMS}/logout",
            "SOCIAL_AUTH_EDX_OAUTH2_KEY": "sso-key",
            "SOCIAL_AUTH_EDX_OAUTH2_SECRET": "sso-secret",
        },
    )


@pytest.fixture
def seat(site: SiteConfiguration) -> Product:
    """Create a verified seat for 10.00."""
    course = Course.objects.create(
        id="course-v1:edX+Demo+2026", name="Demonstration", partner=site.partner
    )
    return put_seat(
        course,
        certificate_type="verified",
        id_verification_required=True,
        price=Decimal(10),
        expires=None,
    )


@pytest.fixture
def learner(db: None) -> User:
    return User.objects.create_user("lena", "lena@example.com", full_name="Lena Learner")


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("stella", "stella@example.com", is_staff=True)


@pytest.fixture
def staff_jwt(site: SiteConfiguration) -> str:
    return f"JWT {token('worker', administrator=True)}"


@pytest.fixture
def learner_jwt(site: SiteConfiguration) -> str:
    return f"JWT {token('lena')}"


class OneWorld(LoadScopeScheduling):
    """Schedule that runs all tests with the processes, which start slowly, in one worker."""

    FILES = ("test_purchase.py", "test_sign_on.py", "test_worker.py")

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].rpartition("/")[2]
        return "world" if file in self.FILES else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneWorld:
    return OneWorld(config, log)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run LMS and shop of a newer release, as processes for all tests."""
    with running_world(tmp_path_factory.mktemp("world"), release="open-release/sumac.1") as world:
        yield world
