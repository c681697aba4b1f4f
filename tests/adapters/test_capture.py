"""Output of programs: its size is limited, and waiting for it ends."""

import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ocim.adapters.programs import capture
from ocim.adapters.streams import MIB
from ocim.core.errors import PermanentError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_program_is_given_its_input_and_its_two_outputs_are_kept_apart() -> None:
    text = "ß" * 200_000
    code = "import sys; sys.stdout.write(sys.stdin.read()); sys.stderr.write('e'); sys.exit(3)"
    done = capture(python(code), stdin=text, timeout=30)
    assert (done.status, done.output, done.errors) == (3, text, "e")


def test_a_program_may_leave_its_input_unread() -> None:
    assert capture(["true"], stdin="x" * MIB, timeout=30).status == 0


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert capture(["printf", r"a\377b\r\n"], timeout=30).output == "a\ufffdb\n"


def test_a_program_that_floods_its_output_is_ended() -> None:
    with pytest.raises(PermanentError, match="yes printed more than 100000 bytes"):
        capture(["yes"], timeout=30, most=100_000)


def test_of_a_flood_of_errors_the_end_is_kept() -> None:
    code = "import sys; sys.stderr.write('x' * 50_000_000 + 'at last')"
    tracemalloc.start()
    done = capture(python(code), timeout=60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert done.errors.endswith("xat last")
    assert peak < 8 * MIB


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        capture(["sh", "-c", "sleep 1000 & echo $! >pid; wait"], cwd=tmp_path, timeout=0.5)
    started = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10  # a process notices its end when it gets a processor
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(started)
        while process.status() != psutil.STATUS_ZOMBIE:  # nobody may have waited for it yet
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_what_a_program_leaves_behind_with_its_pipes_is_not_waited_for() -> None:
    done = capture(["sh", "-c", "sleep 60 & echo $!"], timeout=30)
    psutil.Process(int(done.output)).kill()


def test_a_program_that_is_not_there_is_an_error_of_its_own() -> None:
    with pytest.raises(FileNotFoundError):
        capture(["no-such-program"], timeout=1)
