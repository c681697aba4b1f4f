"""The spine on hosts that are machines: containers, and a pool that is reached by ssh."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

import psutil
import pytest

from ocim.adapters.providers.nspawn.base import ensure_base
from tests.acceptance import old_configuration
from tests.acceptance.installation import Installation, installed, surroundings
from tests.acceptance.spine import (
    NEW,
    answers,
    assert_no_other_hosts,
    served,
    takes_over_without_one_failed_request,
)
from tests.acceptance.traffic import Visitor, served_by
from tests.adapters.git_support import Repository
from tests.machine_pool import MachinePool, machine_pool_of
from tests.nspawn_hosts import BASES, needs_nspawn, nspawn_hosts
from tests.package_index import require_package_index

pytestmark = [needs_nspawn, pytest.mark.timeout(1800)]

CLEAN = """
supervisorctl stop all
rm -rf /edx /etc/cron.d/*
sed -i 's|^files =.*|files = /etc/supervisor/conf.d/*.conf|' /etc/supervisor/supervisord.conf
systemctl restart supervisor
! id edxapp || userdel edxapp
"""


class OnContainers(Installation):
    """Overlay over the image that all tests share."""

    def __init__(self, directory: Path, network: IPv4Network) -> None:
        super().__init__(directory)
        self.hosts = self.var / "nspawn/hosts"
        self.environment |= {
            "OCIM_DEFAULT_PROVIDER": "nspawn",
            "OCIM_NSPAWN_NETWORK": str(network),
        }


class OnPool(Installation):
    """Pool of a machine, to which the manager's databases and uploads are mounted."""

    def __init__(self, directory: Path, pool: MachinePool) -> None:
        super().__init__(directory)
        gateway = pool.machines.bridge.gateway
        self.environment |= {
            "OCIM_DEFAULT_PROVIDER": "ssh",
            "OCIM_SSH_POOL": str(pool.file),
            "OCIM_BALANCER_BIND": f"127.0.0.1,{gateway}",
            "OCIM_BALANCER_ADDRESS": gateway,
        }

    def everything(self) -> list[psutil.Process]:
        """Return the processes without the machines', which see some of its directories."""
        return [item for item in super().everything() if "/racks/hosts/" not in surroundings(item)]


@contextmanager
def on_nspawn(directory: Path) -> Iterator[Installation]:
    state = directory / "var/nspawn"
    for private in (state.parent, state):
        private.mkdir(mode=0o700)
    (state / "bases").symlink_to(BASES)
    with (
        nspawn_hosts(state) as provider,
        installed(directory, partial(OnContainers, network=provider.bridge.network)) as running,
    ):
        yield running


@contextmanager
def on_ssh(directory: Path) -> Iterator[Installation]:
    var = directory / "var"
    var.mkdir(mode=0o700)
    shared = [var / "databases", var / "storage"]
    with machine_pool_of(directory, count=1, shared=shared) as pool:
        pool.describe(clean_command=CLEAN)
        with installed(directory, partial(OnPool, pool=pool)) as running:
            yield running


KINDS = {"nspawn": on_nspawn, "ssh": on_ssh}


@pytest.fixture(scope="module", params=KINDS)
def machines(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    ensure_base(BASES)  # takes minutes where it has to be built
    with KINDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def campus(machines: Installation) -> Iterator[str]:
    """Yield an instance that an app server serves; archive it, after which no host is left."""
    domain = served(machines, "campus.localhost", **NEW)
    yield domain
    machines.ocim("instance", "archive", domain, "--yes")
    assert_no_other_hosts(machines)
    if machines.environment.get("OCIM_SSH_POOL"):
        assert [row["kept out"] for row in machines.json("host", "pool")] == [None]


@pytest.mark.parametrize("machines", ["nspawn"], indirect=True)
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


@pytest.mark.parametrize("machines", ["nspawn"], indirect=True)
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
