"""App servers on local hosts, of a platform that is as small as can be, and whole ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nspawn_hosts import needs_nspawn
from tests.playbooks.app_servers import AppServer, bare_app_server
from tests.playbooks.whole_platform import WholePlatform, whole_platform


@pytest.fixture
def app_server(tmp_path: Path) -> Iterator[AppServer]:
    with bare_app_server(tmp_path) as app_server:
        yield app_server


@pytest.fixture(
    params=[
        pytest.param(("local", "juniper.2"), marks=pytest.mark.xdist_group("local rehearsal")),
        pytest.param(
            ("nspawn", "ironwood.2"), marks=[needs_nspawn, pytest.mark.xdist_group("rehearsal")]
        ),
    ],
    ids="-".join,
)
def whole(request: pytest.FixtureRequest) -> WholePlatform:
    """Return the whole platform on a host of each kind."""
    kind, _release = request.param
    platform: WholePlatform = request.getfixturevalue(f"{kind}_whole")
    return platform


@pytest.fixture(scope="session")
def local_whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePlatform]:
    """Yield the whole platform on a local host, for all tests of the group `local rehearsal`."""
    directory = tmp_path_factory.mktemp("local")
    with whole_platform("local", "juniper.2", directory, keyless_first=True) as whole:
        yield whole


@pytest.fixture(scope="session")
def nspawn_whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePlatform]:
    """Yield the whole platform on a machine."""
    with whole_platform("nspawn", "ironwood.2", tmp_path_factory.mktemp("nspawn")) as whole:
        yield whole
