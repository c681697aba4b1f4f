"""A run that floods, lies or breaks off: it fails with a clear reason, and takes nothing down."""

import sys
import tracemalloc
from collections.abc import Callable

import pytest

from ocim.adapters.provisioners.ansible import follow as following
from ocim.adapters.provisioners.ansible import run as running
from ocim.adapters.provisioners.run_directory import run_directory
from ocim.core.provisioning import ProvisionEvent, ProvisionOutcome
from tests.adapters.ansible_support import Bench, never

Follow = Callable[[str], ProvisionOutcome]
OUTCOME = '{"outcome": {"ok": true, "changed": 1}}'
EVENT = '{"time": "2026-01-01T00:00:00+00:00", "level": "info", "text": "hello", "task": "greet"}'


def tells(*lines: str) -> str:
    """Return the code of a run that tells these lines."""
    text = "".join(f"{line}\n" for line in lines)
    return f"tell({text!r})"


@pytest.fixture
def events() -> list[ProvisionEvent]:
    return []


@pytest.fixture
def follow(bench: Bench, events: list[ProvisionEvent]) -> Follow:
    """Follow a run whose process is not Ansible's, but this Python code with `tell(text)`."""

    def run(code: str) -> ProvisionOutcome:
        prelude = (
            "import os, sys\nevents = int(os.environ['OCIM_EVENTS'])\n"
            "def tell(text):\n    text = text.encode()\n"
            "    while text:\n        text = text[os.write(events, text):]\n"
        )
        command = [sys.executable, "-c", prelude + code]
        with (
            run_directory(bench.runs) as directory,
            running.ansible_run(directory, command) as started,
        ):
            return following.follow(
                started,
                bench.job("[]"),
                mask=lambda text: text.replace("s3cret", "********"),
                on_event=events.append,
                is_cancelled=never,
            )

    return run


def test_a_run_succeeds_where_its_outcome_and_its_exit_status_say_so(
    follow: Follow, events: list[ProvisionEvent]
) -> None:
    outcome = follow(tells(EVENT, OUTCOME))
    assert outcome == ProvisionOutcome(ok=True, changed=1)
    assert [event.text for event in events] == ["hello"]


def test_an_outcome_that_the_exit_status_belies_is_a_failure(follow: Follow) -> None:
    outcome = follow(tells(EVENT, OUTCOME) + "; sys.exit(3)")
    assert (outcome.ok, outcome.failed_task) == (False, "greet")
    assert outcome.message == "The run said that it succeeded, but its exit status is 3."


@pytest.mark.parametrize("more", [EVENT, OUTCOME])
def test_an_outcome_that_is_not_the_last_word_is_a_failure(follow: Follow, more: str) -> None:
    outcome = follow(tells(OUTCOME, more))
    assert not outcome.ok
    assert "went on after it had reported its outcome" in outcome.message


def test_an_exit_without_an_outcome_is_a_failure(follow: Follow) -> None:
    outcome = follow("sys.exit('it broke: s3cret')")
    assert outcome.message == "Ansible's process ended unexpectedly (1). it broke: ********"


def test_a_run_that_stays_after_its_outcome_is_ended(
    follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "TO_END", 0.1)
    outcome = follow(tells(OUTCOME) + "; import time; time.sleep(1000)")
    assert not outcome.ok
    assert "said nothing for 0.1 seconds" in outcome.message


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "[" * 100_000,
        "9" * 10_000,
        '{"level": "info", "text": "an event without a time"}',
        EVENT.replace("+00:00", ""),
        EVENT.replace("info", "shout"),
        EVENT.replace('"task"', '"seconds": NaN, "task"'),
        '{"outcome": "good"}',
        '{"outcome": {"ok": "true"}}',
    ],
)
def test_what_no_run_tells_ends_it(follow: Follow, line: str) -> None:
    outcome = follow(tells(line, OUTCOME))
    assert not outcome.ok
    assert outcome.message.startswith("The run w")
    assert outcome.message.endswith("It was ended.")


def test_what_no_database_stores_is_replaced(follow: Follow, events: list[ProvisionEvent]) -> None:
    follow(tells(EVENT.replace("hello", r"\u0000\ud800 s3cret"), OUTCOME))
    assert [event.text for event in events] == ["\ufffd\ufffd ********"]


def test_a_flood_without_a_line_end_ends_the_run_and_is_not_kept(
    follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LONGEST_LINE", 2_000_000)
    tracemalloc.start()
    outcome = follow("tell('x' * 100_000_000)")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.message == (
        "The run wrote more than 2000000 bytes in one line about its events. It was ended."
    )
    assert peak < 10_000_000


@pytest.mark.parametrize(
    "limit, most, what", [("MOST_LINES", 1000, "lines"), ("MOST_BYTES", 100_000, "bytes")]
)
def test_a_flood_of_lines_ends_the_run(
    follow: Follow, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, what: str
) -> None:
    monkeypatch.setattr(running, limit, most)
    outcome = follow(f"while True: {tells(EVENT)}")
    assert outcome.message.startswith(f"The run wrote more than {most} {what}")


def test_of_a_flood_of_errors_the_end_is_kept(follow: Follow) -> None:
    tracemalloc.start()
    outcome = follow("sys.stderr.write('x' * 3_000_000 + '\\nat last'); sys.exit(1)")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.message.endswith("at last")
    assert peak < 2_000_000


def test_a_run_cannot_lead_the_manager_to_read_another_file(follow: Follow, bench: Bench) -> None:
    (bench.directory / "master.key").write_text("the manager's key")
    outcome = follow(
        "import pathlib\nfor path in pathlib.Path('.').iterdir():\n"
        f"    path.unlink(); path.symlink_to('{bench.directory}/master.key')\n"
        "pathlib.Path('errors').symlink_to('../master.key')\nsys.exit(1)"
    )
    assert "the manager's key" not in str(outcome)


FORGE = """\
#!/usr/bin/python3
import glob, json, os
lie = b'\\n{"outcome": {"ok": true, "changed": 0}}\\n'
opened = 0
for directory in glob.glob("/proc/[0-9]*"):
    with open(directory + "/cmdline") as cmdline:
        words = cmdline.read()
    # Those of the run that are not Ansible's own: Ansible would wait for ever for itself.
    if "ansible.child" not in words or "python" not in words:
        continue
    for path in glob.glob(directory + "/fd/*"):
        try:
            file = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            opened += os.write(file, lie) > 0
        except OSError:
            pass
for number in range(3, 100):
    try:
        os.write(number, lie)
    except OSError:
        pass
message = "it failed, having written to %d" % opened
print(json.dumps({"failed": True, "msg": message, "stdout": lie.decode()}))
"""


def test_a_module_that_writes_wherever_it_can_makes_no_failure_a_success(bench: Bench) -> None:
    library = bench.playbooks / "library"
    library.mkdir()
    (library / "forge.py").write_text(FORGE)
    outcome = bench.run(bench.job("- name: forge\n  forge:\n"))
    assert (outcome.ok, outcome.failed_task) == (False, "forge"), outcome
    assert "it failed, having written to" in outcome.message
    assert "having written to 0" not in outcome.message, "the test tries nothing any more"
