"""The spine on hosts that are machines: containers.

Machines that are reached by ssh serve, and are cleaned, in `test_several_machines.py`.
"""

from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tests.acceptance import old_configuration
from tests.acceptance.installation import Installation, installed
from tests.acceptance.spine import (
    NEW,
    answers,
    assert_no_other_hosts,
    served,
    takes_over_without_one_failed_request,
)
from tests.acceptance.traffic import Visitor, served_by
from tests.adapters.git_support import Repository
from tests.nspawn_hosts import BASES, needs_nspawn, nspawn_hosts
from tests.package_index import require_package_index

pytestmark = [needs_nspawn, pytest.mark.timeout(1800)]


class OnContainers(Installation):
    """Overlay over the image that all tests share."""

    def __init__(self, directory: Path, network: IPv4Network) -> None:
        super().__init__(directory)
        self.hosts = self.var / "nspawn/hosts"
        self.environment |= {
            "OCIM_DEFAULT_PROVIDER": "nspawn",
            "OCIM_NSPAWN_NETWORK": str(network),
        }


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("nspawn")
    state = directory / "var/nspawn"
    for private in (state.parent, state):
        private.mkdir(mode=0o700)
    (state / "bases").symlink_to(BASES)
    with (
        nspawn_hosts(state) as provider,
        installed(directory, partial(OnContainers, network=provider.bridge.network)) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def campus(machines: Installation) -> Iterator[str]:
    """Yield an instance that an app server serves; archive it, after which no host is left."""
    domain = served(machines, "campus.localhost", **NEW)
    yield domain
    machines.ocim("instance", "archive", domain, "--yes")
    assert_no_other_hosts(machines)


def test_an_app_server_takes_over_without_one_failed_request(
    machines: Installation, campus: str
) -> None:
    takes_over_without_one_failed_request(machines, campus)


def test_an_app_server_serves_again_after_the_manager_was_stopped(
    machines: Installation, campus: str
) -> None:
    before = machines.appservers(campus)
    machines.stop()
    assert [process.cmdline() for process in machines.everything()] == []
    machines.start()
    assert answers(machines, campus)
    assert machines.appservers(campus) == before
    machines.ocim("doctor")  # finds no fault


def test_a_repository_of_old_playbooks_runs_beside_an_instance_on_builtin(
    machines: Installation, campus: str, tmp_path: Path
) -> None:
    require_package_index()
    repository = Repository(tmp_path / "configuration")
    commit = repository.commit(old_configuration.FILES)
    domain = served(
        machines,
        "old.localhost",
        name="Old School",
        openedx_release="open-release/ironwood.2",
        edx_platform_commit="open-release/ironwood.2",
        configuration_source_repo_url=repository.url,
        configuration_version="master",
        configuration_playbook_name="openedx_native.yml",
    )
    with Visitor(machines, domain) as visitor:
        page = visitor.get("/").text
    assert "Old School" in page
    assert "Ansible 2.9.27 on Debian" in page
    assert served_by(page) == "open-release/ironwood.2"
    assert answers(machines, campus)
    (appserver,) = machines.appservers(domain)
    log = machines.ocim("appserver", "logs", str(appserver["id"]))
    assert f"The configuration is at {commit}" in log
    assert "the key is ********" in log
    machines.ocim("instance", "archive", domain, "--yes")
    assert_no_other_hosts(machines)
