"""A command that is kept: it comes back when it dies, and ends with its keeper."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest

KEPT = """
import os, signal, sys
if sys.argv[1] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
while True:
    signal.pause()
"""


@dataclass
class Keeper:
    process: "subprocess.Popen[str]"

    def next_start(self) -> psutil.Process:
        """The kept command, as soon as it is started (again)."""
        assert self.process.stdout is not None
        return psutil.Process(int(self.process.stdout.readline()))


@pytest.fixture
def mode() -> str:
    return "obedient"


@pytest.fixture
def keeper(mode: str) -> Iterator[Keeper]:
    kept: set[psutil.Process] = set()
    with subprocess.Popen(
        [sys.executable, "-m", "ocim.console.keep", sys.executable, "-c", KEPT, mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        try:
            yield Keeper(process)
        finally:
            if process.poll() is None:
                kept.update(psutil.Process(process.pid).children())
            process.kill()
            for one in kept:
                one.kill()


def test_a_command_that_is_killed_comes_back(keeper: Keeper) -> None:
    first = keeper.next_start()

    first.kill()

    second = keeper.next_start()
    assert second.pid != first.pid
    assert second.is_running()
    assert keeper.process.poll() is None


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_when_its_keeper_is_told_to(keeper: Keeper, told: int) -> None:
    command = keeper.next_start()

    keeper.process.send_signal(told)

    assert keeper.process.wait(timeout=30) == 0
    assert not command.is_running()


@pytest.mark.parametrize("mode", ["stubborn"])
def test_a_command_that_does_not_end_is_killed(keeper: Keeper) -> None:
    command = keeper.next_start()

    keeper.process.terminate()

    assert keeper.process.wait(timeout=30) == 0
    assert not command.is_running()


def test_the_command_ends_when_its_keeper_is_killed(keeper: Keeper) -> None:
    command = keeper.next_start()

    keeper.process.kill()

    psutil.wait_procs([command], timeout=30)
    assert not command.is_running()


def test_a_command_that_dies_again_and_again_is_given_longer_pauses(keeper: Keeper) -> None:
    for _ in range(2):
        keeper.next_start().kill()
    keeper.next_start()
    keeper.process.terminate()

    _, said = keeper.process.communicate(timeout=30)

    assert said.splitlines() == [
        "ended with status -9; starts again in 1 s",
        "ended with status -9; starts again in 3 s",
    ]


def test_a_signal_between_two_starts_ends_the_keeper(keeper: Keeper) -> None:
    keeper.next_start().kill()
    assert keeper.process.stderr is not None
    keeper.process.stderr.readline()  # it pauses now

    os.kill(keeper.process.pid, signal.SIGTERM)

    assert keeper.process.wait(timeout=30) == 0
