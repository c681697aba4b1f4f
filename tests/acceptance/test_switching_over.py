"""A second app server takes over, and a broken third never gets a request."""

import pytest

from tests.acceptance.installation import Installation
from tests.acceptance.pictures import PICTURE
from tests.acceptance.spine import (
    NEW,
    OLD,
    broken_one_never_gets_a_request,
    served,
    takes_over_without_one_failed_request,
)
from tests.s3_server import Bucket

pytestmark = pytest.mark.timeout(600)


def test_an_app_server_takes_over_without_one_failed_request(
    installation: Installation, campus: str, bucket: Bucket
) -> None:
    takes_over_without_one_failed_request(installation, campus)
    assert PICTURE in bucket.contents()


@pytest.fixture(scope="module")
def steady(installation: Installation) -> str:
    """Return an instance that an ironwood app server serves."""
    return served(installation, "steady.localhost", **OLD)


BREAKS = {
    "a bad setting": (
        {"configuration_extra_settings": "EDXAPP_TIME_ZONE: Nowhere/Atlantis"},
        "Nowhere/Atlantis",
    ),
    "a migration that fails": (NEW, 'table "thumbnail_kvstore" already exists'),
}


@pytest.mark.parametrize("changes, reason", BREAKS.values(), ids=BREAKS.keys())
def test_a_broken_app_server_never_gets_a_request(
    installation: Installation, steady: str, changes: dict[str, str], reason: str
) -> None:
    broken_one_never_gets_a_request(installation, steady, changes, reason)
