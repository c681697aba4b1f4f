"""Machines of a pool: looked at before they are used, cleaned before they are free again."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocim.adapters.authorities import TRUSTED
from ocim.adapters.memory.lent_machines import MemoryMachines
from ocim.adapters.providers.names import CHANGING
from ocim.adapters.providers.ssh.provider import SshProvider
from ocim.adapters.providers.ssh_client import LOST
from ocim.core.errors import PermanentError
from ocim.core.hosts import HostRequest
from tests.machine_pool import MachinePool, machine_pool_of
from tests.nspawn_hosts import needs_nspawn
from tests.web_servers import Authority

pytestmark = needs_nspawn


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachinePool]:
    with machine_pool_of(tmp_path_factory.mktemp("machines"), count=1) as machines:
        yield machines


@pytest.fixture
def provider(machines: MachinePool, tmp_path: Path) -> Iterator[SshProvider]:
    machines.describe(clean_command="rm -f /used")
    yield SshProvider(tmp_path, pool=machines.file, lent=MemoryMachines())
    machines.as_root("rack-1", "rm -f /used /etc/sudoers.d/none")


def test_a_machine_serves_one_host_at_a_time(provider: SshProvider) -> None:
    provider.create(HostRequest("one"))

    with pytest.raises(PermanentError, match="rack-1: is taken by one"):
        provider.create(HostRequest("two"))


def test_whoever_takes_over_ends_what_earlier_visits_run(
    provider: SshProvider, machines: MachinePool
) -> None:
    provider.create(HostRequest("one"))
    left = "setsid sleep 4711 >/dev/null 2>&1 &"  # it outlives its connection
    provider.run("one", ["sh", "-c", left], timeout=60)
    machines.as_root("rack-1", "systemd-run --quiet sleep 4712")
    with subprocess.Popen(provider.command("one", ["sleep", "4713"])) as open_connection:
        all_run = "until [ $(pgrep -cx sleep) = 3 ]; do sleep 0.1; done; pgrep -a sleep"
        assert "sleep 4713" in machines.as_root("rack-1", all_run)

        provider.create(HostRequest("one"))

        assert open_connection.wait() == LOST
    assert machines.as_root("rack-1", "pgrep -a sleep").split()[1:] == ["/usr/bin/sleep", "4712"]
    machines.as_root("rack-1", "pkill sleep")


def test_it_is_clean_once_it_is_free_again(provider: SshProvider, machines: MachinePool) -> None:
    provider.create(HostRequest("one", names={"lms.localhost": "10.0.0.1"}))
    machines.as_root("rack-1", "touch /used")
    assert "10.0.0.1 lms.localhost" in machines.as_root("rack-1", "cat /etc/hosts")

    provider.destroy("one")

    assert machines.as_root("rack-1", "ls /used 2>/dev/null || echo clean") == "clean\n"
    assert "lms.localhost" not in machines.as_root("rack-1", "cat /etc/hosts")
    assert provider.create(HostRequest("two")).name == "two"


def test_it_trusts_the_fleets_authority_while_it_is_a_host(
    provider: SshProvider, machines: MachinePool
) -> None:
    authority = Authority().pem
    provider.create(HostRequest("one", authorities=authority))
    assert _trusts(machines, authority)

    # Somebody was interrupted after the files were written, and before they were taken in.
    machines.as_root("rack-1", f"touch {CHANGING}; cp /etc/hosts {TRUSTED}")
    provider.destroy("one")
    provider.create(HostRequest("two", authorities=authority))
    assert _trusts(machines, authority)

    provider.destroy("two")
    assert not _trusts(machines, authority)
    assert int(machines.as_root("rack-1", f"grep -c BEGIN {TRUSTED}")) > 1, "those of Debian stay"


def test_services_know_where_the_trusted_authorities_are(
    provider: SshProvider, machines: MachinePool
) -> None:
    provider.create(HostRequest("one"))

    service = "systemd-run --quiet --pipe --wait env"
    assert f"SSL_CERT_FILE={TRUSTED}\n" in machines.as_root("rack-1", service)


def test_it_is_cleaned_too_where_it_is_no_longer_in_the_file(
    provider: SshProvider, machines: MachinePool
) -> None:
    provider.create(HostRequest("one"))
    machines.as_root("rack-1", "touch /used")
    machines.describe(entry={"name": "renamed"}, clean_command="rm -f /used")

    provider.destroy("one")

    assert machines.as_root("rack-1", "ls /used 2>/dev/null || echo clean") == "clean\n"


def test_it_can_be_cleaned_by_a_playbook(
    provider: SshProvider, machines: MachinePool, tmp_path: Path
) -> None:
    playbook = tmp_path / "clean.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  become: true\n"
        "  tasks:\n  - file: {path: /used, state: absent}\n"
    )
    machines.describe(clean_playbook=str(playbook))
    provider.create(HostRequest("one"))
    machines.as_root("rack-1", "touch /used")

    provider.destroy("one")

    assert machines.as_root("rack-1", "ls /used 2>/dev/null || echo clean") == "clean\n"


def test_a_machine_that_cannot_be_cleaned_is_kept_out(
    provider: SshProvider, machines: MachinePool
) -> None:
    machines.describe(clean_command="echo no such tool >&2; exit 3")
    provider.create(HostRequest("one"))

    provider.destroy("one")

    assert provider.list() == []
    with pytest.raises(PermanentError, match=r"rack-1: is kept out: cleaning it failed.*such tool"):
        provider.create(HostRequest("two"))
    provider.lent.readmit("rack-1")
    assert provider.create(HostRequest("two")).name == "two"


def test_all_that_is_wrong_with_a_machine_is_told_at_once(
    provider: SshProvider, machines: MachinePool
) -> None:
    machines.describe(clean_command="true", disk=10**6, distributions=["ubuntu 20.04"])

    with pytest.raises(PermanentError) as caught:
        provider.create(HostRequest("one"))

    assert "it runs debian 12, and not ubuntu 20.04; " in str(caught.value)
    assert "1000000 are needed" in str(caught.value)


def test_a_machine_with_faults_is_free_for_others(
    provider: SshProvider, machines: MachinePool
) -> None:
    machines.describe(clean_command="true", disk=10**6)
    with pytest.raises(PermanentError):
        provider.create(HostRequest("one"))

    machines.describe(clean_command="true")

    assert provider.create(HostRequest("two")).name == "two"


def test_only_the_key_in_the_pool_is_trusted(
    provider: SshProvider, machines: MachinePool, tmp_path: Path
) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    machines.describe(entry={"host_key": other}, clean_command="true")

    with pytest.raises(PermanentError, match="Host key verification failed"):
        provider.create(HostRequest("one"))


def _trusts(machines: MachinePool, authority: str) -> bool:
    return authority in machines.as_root("rack-1", f"cat {TRUSTED}")
