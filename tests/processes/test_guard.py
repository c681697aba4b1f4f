"""Death of guards and a supervisord: each comes back, and the sockets keep listening."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ocim.adapters.providers import processes
from ocim.processes import sockets, supervisor
from ocim.processes.supervisor import Program
from tests.adapters.caddy_support import own_address, until

pytestmark = pytest.mark.xdist_group("guard")
PORT = 4000


class Kept:
    """A supervisord that keeps two guards, and nothing else."""

    def __init__(self, directory: Path) -> None:
        self.address = (own_address(), PORT)
        self.run = directory / "var/run"
        self.log = directory / "var" / supervisor.LOG
        for made in (self.run, self.log.parent):
            made.mkdir(parents=True)
        place = f"web={self.address[0]}:{PORT}"
        guard = Program("guard", ["ocim.processes.guard", "%(process_num)d", place], count=2)
        (self.run / supervisor.CONFIG).write_text(supervisor.configuration([guard]))

    def start(self) -> None:
        assert supervisor.start(self.run) == ""
        until(lambda: len(self.guards()) == 2, "no guards")

    def guards(self) -> list[int]:
        """Return the process ids of the guards that answer."""
        parts = [sockets.ask(self.run, guard) for guard in sockets.GUARDS]
        result = [guard for guard, part in zip(sockets.GUARDS, parts, strict=True) if part]
        for part in parts:
            sockets.close(part)
        return [self.guard(item) for item in result]

    def guard(self, number: str) -> int:
        words = ["-m", "ocim.processes.guard", number]
        return next((pid for pid in self.everything() if command(pid)[1:4] == words), 0)

    def everything(self) -> set[int]:
        return processes.of_host(self.run, supervisor.MARK)

    def socket(self) -> int:
        """Return the socket's inode, which differs between sockets at the same address."""
        held = sockets.wait_for(self.run, ["web"])
        number = os.fstat(held["web"][0].fileno()).st_ino
        sockets.close(held)
        return number

    def connects(self) -> bool:
        with socket.create_connection(self.address, timeout=5):
            return True


def command(pid: int) -> list[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    kept = Kept(tmp_path_factory.mktemp("with # a ; and 100 % of a space"))
    try:
        kept.start()
        yield kept
    finally:
        with supervisor.locked(kept.run):
            processes.kill(kept.run, supervisor.MARK)


@pytest.mark.parametrize("number", sockets.GUARDS)
def test_a_guard_that_is_killed_comes_back_with_the_same_sockets(kept: Kept, number: str) -> None:
    before, held = kept.guard(number), kept.socket()
    os.kill(before, signal.SIGKILL)
    assert kept.connects()
    until(lambda: kept.guard(number) not in (0, before), kept.log.read_text())
    until(lambda: len(kept.guards()) == 2, kept.log.read_text())
    assert kept.socket() == held


def test_a_supervisord_that_is_killed_is_started_again(kept: Kept) -> None:
    before, held = supervisor.pid(kept.run), kept.socket()
    guards = {kept.guard(number) for number in sockets.GUARDS}
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert kept.connects()
    until(lambda: supervisor.answers(kept.run), kept.log.read_text())
    until(lambda: not guards & kept.everything(), "the old guards go on")
    until(lambda: len(kept.guards()) == 2, kept.log.read_text())
    assert supervisor.pid(kept.run) != before
    assert kept.socket() == held
    assert len(kept.everything()) == 3


def test_it_is_started_once_however_often_it_is_asked_for(kept: Kept) -> None:
    before = supervisor.pid(kept.run)
    assert supervisor.start(kept.run) == ""
    assert supervisor.pid(kept.run) == before


def test_when_both_guards_are_killed_the_sockets_are_bound_again(kept: Kept) -> None:
    for number in sockets.GUARDS:
        os.kill(kept.guard(number), signal.SIGKILL)
    until(lambda: len(kept.guards()) == 2, kept.log.read_text())
    assert kept.connects()


def test_sockets_that_another_program_has_are_bound_when_it_ends(tmp_path: Path) -> None:
    other = Kept(tmp_path)
    try:
        with socket.create_server(other.address):
            assert supervisor.start(other.run) == ""
            until(lambda: "Cannot listen on" in other.log.read_text(), "nothing is said")
        until(lambda: len(other.guards()) == 2, other.log.read_text())
    finally:
        with supervisor.locked(other.run):
            processes.kill(other.run, supervisor.MARK)


def test_others_can_neither_read_nor_command_it(kept: Kept) -> None:
    for path in kept.run.glob("*.sock"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_when_it_is_told_to_end_all_ends(tmp_path: Path) -> None:
    other = Kept(tmp_path)
    other.start()
    with supervisor.locked(other.run):
        processes.end(other.run, supervisor.pid(other.run), grace=20, mark=supervisor.MARK)
    assert other.everything() == set()
