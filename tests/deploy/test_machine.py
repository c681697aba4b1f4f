"""The playbook of `deploy` on a machine with systemd, in all roles, reached by ssh."""

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uv
import yaml

from ocim.adapters.balancers.remote.client import RemoteBalancer
from ocim.adapters.balancers.remote.tls import TlsFiles
from ocim.core.hosts import Host
from tests.acceptance.installation import REPOSITORY
from tests.console.processes import KEY
from tests.machine_pool import USER, MachinePool, machine_pool_of
from tests.nspawn_hosts import needs_nspawn
from tests.package_index import require_package_index
from tests.wheels import build_wheel, other_wheel

pytestmark = [needs_nspawn, pytest.mark.timeout(900), pytest.mark.xdist_group("deploy")]


class Machine:
    """A machine of an operator, and the inventory that names it in every group."""

    def __init__(self, directory: Path, pool: MachinePool, cache: Path) -> None:
        self._directory, self._pool, self._cache = directory, pool, cache
        (self.host,) = pool.hosts
        self.certificates = directory / "certificates"

    def install(self, wheel: Path) -> int:
        """Run the playbook, and return the number of tasks that changed something."""
        inventory = self._directory / "inventory.yml"
        inventory.write_text(yaml.safe_dump(self._inventory(wheel, self.host)))
        ran = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, "site.yml"],
            cwd=REPOSITORY / "deploy",
            env={**os.environ, "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self._directory)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert KEY not in ran.stdout + ran.stderr
        (changed,) = re.findall(r"changed=(\d+)", ran.stdout)
        return int(changed)

    def as_root(self, script: str) -> str:
        return self._pool.as_root(self.host.name, script).strip()

    def pid(self, unit: str) -> str:
        return self.as_root(f"systemctl show --property=MainPID --value {unit}")

    def _inventory(self, wheel: Path, host: Host) -> dict[str, Any]:
        connection = host.connection
        variables = {
            "ansible_host": host.address,
            "ansible_user": USER,
            "ansible_become": True,
            "ansible_ssh_private_key_file": str(connection.key_file),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={connection.known_hosts_file}",
            "ocim_wheel": str(wheel),
            "ocim_certificates": str(self.certificates),
            "ocim_packages": ["python3-venv"],
            "ocim_index": {**connection.environment, "UV_CACHE_DIR": str(self._cache)},
            "ocim_settings": {
                "OCIM_BALANCER_ADDRESS": host.address,
                "OCIM_WEB_ADDRESS": "0.0.0.0:5000",
                "OCIM_ALLOWED_HOSTS": host.address,
            },
            "ocim_secrets": {"OCIM_MASTER_KEY": KEY},
        }
        groups = ("balancer", "web", "workers", "periodic")
        members: dict[str, Any] = {group: {"hosts": {host.name: {}}} for group in groups}
        return {"ocim": {"vars": variables, "children": members}}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    for name in ("source", "dist", "other"):
        (tmp_path / name).mkdir()
    return build_wheel(tmp_path / "source", tmp_path / "dist")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    require_package_index()
    words = [uv.find_uv_bin(), "cache", "dir"]
    cache = Path(subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip())
    with machine_pool_of(tmp_path, count=1, shared=[cache]) as pool:
        # Its packages are there: no need to ask Debian's servers for lists of newer ones.
        pool.as_root(
            "rack-1",
            "mkdir -p /var/lib/apt/periodic && touch /var/lib/apt/periodic/update-success-stamp",
        )
        yield Machine(tmp_path, pool, cache)


def test_a_machine_is_installed_left_alone_and_upgraded(
    machine: Machine, wheel: Path, tmp_path: Path
) -> None:
    assert machine.install(wheel) > 0
    assert httpx.get(f"http://{machine.host.address}:5000/sign-in/").status_code == 200
    files = TlsFiles(
        str(machine.certificates / "authority.pem"),
        str(machine.certificates / f"{machine.host.name}.pem"),
        str(machine.certificates / f"{machine.host.name}.key"),
    )
    balancer = RemoteBalancer(f"https://{machine.host.address}:8444", files)
    assert not balancer.access().admits_strangers
    trust = ssl.create_default_context(cadata=balancer.authority())
    with pytest.raises(httpx.ConnectError):  # no instance has this name: no certificate
        httpx.get(f"https://{machine.host.address}/", verify=trust)
    findings = json.loads(machine.as_root("ocim doctor --json || true"))
    assert [finding for finding in findings if finding["severity"] == "error"] == []
    assert machine.as_root("stat --format=%a-%U /etc/ocim/ocim.env") == "600-root"

    assert machine.install(wheel) == 0

    units = ("ocim-edge", "ocim-control", "ocim-worker@opencraft", "ocim-web")
    before = {unit: machine.pid(unit) for unit in units}
    assert machine.install(other_wheel(wheel, tmp_path / "other")) > 0
    after = {unit: machine.pid(unit) for unit in units}
    assert [unit for unit in units if before[unit] == after[unit]] == ["ocim-edge"]
    current = machine.as_root("readlink /opt/ocim/current")
    for unit in ("ocim-control", "ocim-worker@opencraft"):
        assert machine.as_root(f"tr '\\0' ' ' </proc/{after[unit]}/cmdline").startswith(current)
    log = machine.as_root("journalctl --unit='ocim-worker@*' --output=cat")
    assert log.count("Deactivated successfully") == 3
    assert balancer.access().address
