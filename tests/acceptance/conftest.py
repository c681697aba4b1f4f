"""Fixture of a running installation for each group of acceptance tests, one after the other."""

from collections.abc import Iterator

import pytest

from tests.acceptance.hostile import PLANTED
from tests.acceptance.installation import Installation, installed
from tests.acceptance.spine import NEW, served
from tests.s3_server import Bucket, s3_bucket

GROUPS = {
    "test_machines": "machines",
    "test_crashes": "crashes",
    "test_kills": "crashes",
    "test_staying_up": "crashes",
    "test_soak": "crashes",
}
"""Group of each module; one process runs all of a group. No group takes much longer than others."""


@pytest.hookimpl(tryfirst=True)  # before the runner reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        has_its_own = any(item.iter_markers("xdist_group"))
        if "acceptance" in item.path.parts and not has_its_own:
            group = GROUPS.get(item.path.stem, "acceptance")
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("ocim")) as running:
        yield running


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """Yield a bucket for the uploads of one instance."""
    with s3_bucket(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(scope="session")
def campus(installation: Installation, bucket: Bucket) -> str:
    """Return an instance that an app server serves, for all tests that only need one.

    Its uploads go to the bucket.
    """
    settings = f"{bucket.settings}  PLANTED: {PLANTED}\n"
    fields = {**NEW, "configuration_extra_settings": settings}
    return served(installation, "campus.localhost", **fields)
