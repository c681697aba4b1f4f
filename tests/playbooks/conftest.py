"""App servers on local hosts, of a platform that is as small as can be, and a whole one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.playbooks.app_servers import AppServer, bare_app_server
from tests.playbooks.whole_platform import WholePlatform, whole_platform


@pytest.fixture
def app_server(tmp_path: Path) -> Iterator[AppServer]:
    with bare_app_server(tmp_path) as app_server:
        yield app_server


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePlatform]:
    """Yield all services on a local host, for all tests of the group `whole platform`."""
    with whole_platform("juniper.2", tmp_path_factory.mktemp("local")) as whole:
        yield whole
