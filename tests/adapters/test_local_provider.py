"""Local hosts: their processes and addresses, and how they are shared."""

import os
import select
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocim.adapters.providers import claims
from ocim.adapters.providers.addresses import claim_address
from ocim.adapters.providers.local import record, supervisord
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.adapters.providers.local.record import Record
from ocim.core.errors import PermanentError, ValidationError
from ocim.core.hosts import Host, HostRequest
from tests.local_hosts import (
    heard,
    kill_processes_below,
    local_hosts,
    outside,
    processes_below,
    run,
    set_up_program,
)

CREATE = """\
import sys
from pathlib import Path
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.core.hosts import HostRequest
provider = LocalProvider(Path(sys.argv[1]), ports=())
print(provider.create(HostRequest(sys.argv[2])).address, flush=True)
"""


def create_in_another_process(hosts_dir: Path, name: str) -> str:
    argv = [sys.executable, "-c", CREATE, str(hosts_dir), name]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_a_host_survives_the_interruption_of_its_maker(
    provider: LocalProvider, tmp_path: Path
) -> None:
    argv = [sys.executable, "-c", f"{CREATE}sys.stdin.read()", str(tmp_path / "hosts"), "one"]
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as maker:
        assert maker.stdout
        address = maker.stdout.readline().strip()
        os.killpg(maker.pid, signal.SIGINT)  # as Ctrl-C does
        maker.communicate()

    host = provider.wait_until_reachable("one", timeout=30)

    assert host.address == address
    assert "cron" in run(provider, "one", "supervisorctl", "avail")


def test_processes_that_create_at_once_get_addresses_of_their_own(
    provider: LocalProvider, tmp_path: Path
) -> None:
    names = ["one", "two", "three"]
    with ThreadPoolExecutor() as pool:
        addresses = list(pool.map(create_in_another_process, [tmp_path / "hosts"] * 3, names))

    assert len(set(addresses)) == 3
    assert provider.list() == sorted(names)


def test_processes_that_create_the_same_host_at_once_make_one(
    provider: LocalProvider, tmp_path: Path
) -> None:
    with ThreadPoolExecutor() as pool:
        addresses = list(pool.map(create_in_another_process, [tmp_path / "hosts"] * 3, ["one"] * 3))

    assert len(set(addresses)) == 1
    running = [process.cmdline() for process in processes_below(tmp_path / "hosts")]
    assert running.count(supervisord.BOOT) == 1


def test_a_host_whose_making_was_cut_short_is_made_anew(
    provider: LocalProvider, host: Host
) -> None:
    leftover = Path(host.root) / "edx/leftover"
    leftover.touch()
    directory = Path(host.root).parent / ".records/one"
    record.write(directory, Record())

    assert provider.find("one") is None
    assert provider.list() == ["one"]
    again = provider.create(HostRequest("one"))

    assert not leftover.exists()
    assert again == host


def test_its_directory_is_for_the_owner_only(host: Host) -> None:
    assert stat.S_IMODE(Path(host.root).stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(host.root).parent.stat().st_mode) == 0o700


def test_a_hosts_directory_may_be_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    with local_hosts(deep) as provider:
        provider.create(HostRequest("one"))
        provider.wait_until_reachable("one", timeout=30)

        assert "cron" in run(provider, "one", "supervisorctl", "avail")


def test_a_hosts_directory_may_have_blanks_in_its_name(tmp_path: Path) -> None:
    with local_hosts(tmp_path / "it's 100% mine") as provider:
        provider.create(HostRequest("one"))
        provider.wait_until_reachable("one", timeout=30)

        assert "cron" in run(provider, "one", "supervisorctl", "avail")


@pytest.mark.parametrize("name", ["", ".", "..", "../one", "a/b", ".hidden", "a b", "a\n", "é"])
def test_a_name_that_could_lead_elsewhere_is_refused(provider: LocalProvider, name: str) -> None:
    with pytest.raises(ValidationError):
        provider.create(HostRequest(name))
    with pytest.raises(ValidationError):
        provider.destroy(name)


def test_names_and_addresses_that_are_none_are_refused_all_at_once(
    provider: LocalProvider,
) -> None:
    with pytest.raises(ValidationError) as caught:
        provider.create(HostRequest("one", names={"a b": "127.0.0.1", "c.test": "nowhere"}))

    assert len(caught.value.faults) == 2


def test_programs_come_back_after_a_reboot(provider: LocalProvider, host: Host) -> None:
    set_up_program(host, "lms", "echo up > said; exec sleep infinity")
    run(provider, "one", "supervisorctl", "update")
    assert heard(host) == "up\n"

    provider.reboot("one")

    assert heard(host) == "up\n"


def test_programs_come_back_on_a_host_that_lost_all_its_processes(
    provider: LocalProvider, host: Host, tmp_path: Path
) -> None:
    set_up_program(host, "lms", "echo up > said; exec sleep infinity")
    kill_processes_below(tmp_path / "hosts")

    assert provider.find("one") == host
    provider.reboot("one")

    assert heard(host) == "up\n"


def test_a_program_that_supervisord_cannot_read_is_named(
    provider: LocalProvider, host: Host
) -> None:
    (Path(host.root) / "edx/app/supervisor/conf.d/lms.conf").write_text("[program:lms]\n")

    with pytest.raises(PermanentError, match=r"program:lms.*does not specify a command"):
        provider.reboot("one")


def test_programs_may_finish_what_they_do_when_the_host_is_stopped(
    provider: LocalProvider, host: Host, tmp_path: Path
) -> None:
    script = "trap 'echo finished > end; exit' TERM; echo up > said; sleep infinity & wait"
    set_up_program(host, "lms", script)
    run(provider, "one", "supervisorctl", "update")
    heard(host)

    provider.stop("one")

    assert (Path(host.root) / "end").read_text() == "finished\n"
    assert processes_below(tmp_path / "hosts") == []


@pytest.mark.parametrize("end", ["stop", "destroy"])
def test_orphans_of_a_supervisord_that_was_killed_are_ended(
    provider: LocalProvider, host: Host, tmp_path: Path, end: str
) -> None:
    set_up_program(host, "lms", "env -i sleep infinity & echo $! > said; wait")
    run(provider, "one", "supervisorctl", "update")
    unmarked = os.pidfd_open(outside(int(heard(host)), host))
    os.kill(supervisord.pid(Path(host.root)) or 0, signal.SIGKILL)

    getattr(provider, end)("one")

    assert select.select([unmarked], [], [], 0)[0], "a process without the mark lives on"
    os.close(unmarked)
    assert processes_below(tmp_path / "hosts") == []


def test_destroying_leaves_neither_directory_nor_address(
    provider: LocalProvider, host: Host
) -> None:
    provider.destroy("one")

    assert not Path(host.root).exists()
    assert list((Path(host.root).parent / ".addresses").iterdir()) == []


def test_a_host_that_has_closed_its_directories_is_destroyed(
    provider: LocalProvider, host: Host
) -> None:
    closed = Path(host.root, "edx/closed")
    (closed / "deep").mkdir(parents=True)
    (closed / "deep/file").touch()
    (closed / "deep").chmod(0)
    closed.chmod(0)

    provider.destroy("one")

    assert not Path(host.root).exists()


def test_a_host_may_be_destroyed_by_several_at_once(provider: LocalProvider, host: Host) -> None:
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(provider.destroy, [host.name] * 4)) == [None] * 4

    assert provider.list() == []


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PermanentError, match=r"Host one: .*file/hosts"):
        LocalProvider(tmp_path / "file/hosts").create(HostRequest("one"))


def test_a_process_of_another_host_is_left_alone(provider: LocalProvider, host: Host) -> None:
    provider.create(HostRequest("one-more"))

    provider.destroy(host.name)

    assert provider.wait_until_reachable("one-more", timeout=30).name == "one-more"


def test_an_address_of_another_host_is_not_given_again(tmp_path: Path) -> None:
    first = claim_address(tmp_path, "one", ())
    claims.release(tmp_path, "one")
    (tmp_path / first).symlink_to("another")

    assert claim_address(tmp_path, "one", ()) != first
    assert claim_address(tmp_path, "one", ()) == claim_address(tmp_path, "one", ())


def test_installations_on_one_machine_use_different_addresses(tmp_path: Path) -> None:
    assert claim_address(tmp_path / "a", "one", ()) != claim_address(tmp_path / "b", "one", ())


def test_an_address_whose_ports_are_taken_is_passed_over(tmp_path: Path) -> None:
    first = claim_address(tmp_path, "one", ())
    claims.release(tmp_path, "one")

    with socket.create_server((first, 0)) as taken:
        assert claim_address(tmp_path, "one", [taken.getsockname()[1]]) != first


def test_a_port_that_is_taken_on_all_addresses_is_named(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(PermanentError, match=f"{port} on all of them"):
            LocalProvider(tmp_path, ports=[port]).create(HostRequest("one"))

    assert list((tmp_path / ".addresses").iterdir()) == []
