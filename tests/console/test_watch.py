"""Watching a rollout on a real terminal, in a process of its own."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from tests.browser.helper import Helper
from tests.console.processes import ROOT, environment

COLUMNS, LINES = 110, 24
PATIENCE = 90.0


class Terminal:
    """A process on a terminal, and what somebody who sits there sees."""

    def __init__(self, var: Path, *words: str) -> None:
        self._screen = pyte.HistoryScreen(COLUMNS, LINES, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self._master, terminal = pty.openpty()
        size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment(var, TERM="xterm-256color"),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=_as_a_login,  # noqa: PLW1509 - it has no threads yet
        )
        os.close(terminal)

    @property
    def lines(self) -> list[str]:
        """The screen as it is."""
        return [line.rstrip() for line in self._screen.display if line.strip()]

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def until(self, seen: Callable[[list[str]], bool]) -> list[str]:
        """Wait until the screen is like that, and return it."""
        end = time.monotonic() + PATIENCE
        while not seen(self.lines):
            left = end - time.monotonic()
            assert left > 0, "\n".join(self.lines)
            if select.select([self._master], [], [], left)[0]:
                self._stream.feed(self._read())
        return self.lines

    def end(self) -> int:
        """Read the screen to its end, and return the exit status."""
        while read := self._read():
            self._stream.feed(read)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError:  # nobody is at the other end any more
            return b""


def _as_a_login() -> None:
    """Attach the terminal, and its interrupts, which processes in the background ignore."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[Helper]:
    with Helper(environment(tmp_path)) as helper:
        helper.run("setup")
        yield helper


@pytest.fixture
def watched(tmp_path: Path, helper: Helper) -> Iterator[tuple[Terminal, int]]:
    """Yield a terminal on which somebody watches a rollout over three instances."""
    rollout = helper.run("rollout", "North", "South", "West")
    terminal = Terminal(tmp_path, "rollout", "watch", str(rollout))
    yield terminal, rollout
    terminal.close()


def shows(*texts: str) -> Callable[[list[str]], bool]:
    """Return True if a line has all of these words."""
    return lambda lines: any(all(text in line for text in texts) for line in lines)


def test_the_table_follows_what_happens(helper: Helper, watched: tuple[Terminal, int]) -> None:
    terminal, rollout = watched
    terminal.until(shows("Rollout", "0 of 3"))
    terminal.until(shows("No upgrade is under way."))
    helper.run("upgrade", rollout, "North", "in progress", "provisioning")
    helper.run("log_of", rollout, "North", "Copying")
    row = ("North (north.", "provisioning", "1", "0:0", "Copying")
    lines = terminal.until(shows(*row))
    assert any("SPAWNING: North" in line for line in lines)

    helper.run("upgrade", rollout, "North", "successful", "done")
    helper.run("upgrade", rollout, "South", "in progress", "host")
    lines = terminal.until(shows("1 of 3", "about", "left"))
    assert not shows("provisioning")(lines)
    terminal.until(shows("South (south.", "host"))

    helper.run("upgrade", rollout, "South", "failed", "host")
    helper.run("rollout_moves", rollout, "paused", "Too much failed.")
    assert terminal.end() == 3
    assert shows("FAILED: South")(terminal.lines)
    assert shows("Paused: Too much failed.")(terminal.lines)
    assert shows(f"ocim rollout resume {rollout}")(terminal.lines)
    assert not shows("last line")(terminal.lines)  # the table is gone


def test_an_interrupt_leaves_it_running_and_says_how_to_come_back(
    helper: Helper, watched: tuple[Terminal, int]
) -> None:
    terminal, rollout = watched
    terminal.until(shows("Rollout", "0 of 3"))
    terminal.type(b"\x03")
    assert terminal.end() == 130
    assert terminal.lines[-1] == (
        f"The rollout goes on. Watch it again with: ocim rollout watch {rollout}"
    )
    assert helper.run("rollout_state", rollout) == "running"


def test_through_a_pipe_there_are_plain_lines_only(tmp_path: Path, helper: Helper) -> None:
    rollout = helper.run("rollout", "North")
    helper.run("upgrade", rollout, "North", "in progress")
    helper.run("upgrade", rollout, "North", "successful")
    helper.run("rollout_moves", rollout, "ended")
    ran = subprocess.run(
        [sys.executable, "manage.py", "rollout", "watch", str(rollout)],
        cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.isprintable() or "\x1b" not in ran.stdout
    assert ran.stdout.splitlines() == [
        "SPAWNING: North (north.localhost, id 1)",
        "SUCCESS: North (north.localhost, id 1)",
        "******* Status *******",
        "  Instances pending: 0",
        "  Instances in progress: 0",
        "  Instances failed: 0",
        "  Instances successful: 1",
    ]
