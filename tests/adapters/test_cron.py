from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from ocim.adapters.providers.local.cron import daemon
from ocim.adapters.providers.local.cron.table import Job, parse

TABLE = """\
# kept by hand
MAILTO=""
SHELL = /bin/bash

#Ansible: refresh course metadata
0 5 * * * sudo -u discovery bash -c 'source /edx/discovery_env; refresh'
@hourly hourly-job
GREETING="two  words"
#Ansible: old one
#*/5 * * * * switched off
@reboot\tat-reboot --now
"""


def test_the_lines_of_a_crontab_become_jobs() -> None:
    jobs, faults = parse(TABLE)

    assert faults == []
    assert [(job.name, job.schedule, job.command) for job in jobs] == [
        (
            "refresh course metadata",
            "0 5 * * *",
            "sudo -u discovery bash -c 'source /edx/discovery_env; refresh'",
        ),
        ("", "0 * * * *", "hourly-job"),
        ("", "@reboot", "at-reboot --now"),
    ]


def test_settings_hold_for_the_lines_below_them() -> None:
    first, _, last = parse(TABLE)[0]

    assert first.environment == {"MAILTO": "", "SHELL": "/bin/bash"}
    assert last.environment["GREETING"] == "two  words"


def test_every_bad_line_is_reported_and_the_good_ones_are_kept() -> None:
    jobs, faults = parse("99 * * * * a\n* * * * *\n@never b\n0 0 * * * good\n")

    assert [job.command for job in jobs] == ["good"]
    assert [fault.split(":")[0] for fault in faults] == ["line 1", "line 2", "line 3"]
    assert "Bad minute" in faults[0]


def test_a_percent_sign_begins_the_standard_input_unless_it_is_escaped() -> None:
    (job,), _ = parse(r"@daily date +\%F; cat%one%two")

    assert (job.command, job.stdin) == ("date +%F; cat", "one\ntwo\n")


@pytest.mark.parametrize(
    "schedule, moment, due",
    [
        ("* * * * *", "2024-02-29 12:34", True),
        ("34 12 * * *", "2024-02-29 12:34", True),
        ("35 12 * * *", "2024-02-29 12:34", False),
        ("*/10 * * * *", "2024-02-29 12:30", True),
        ("0 0 29 2 *", "2024-02-29 00:00", True),
        ("0 0 1 * MON", "2024-03-04 00:00", True),  # either day is enough
        ("0 0 * * mon-fri", "2024-03-03 00:00", False),
        ("@reboot", "2024-02-29 00:00", False),
    ],
)
def test_a_job_is_due_in_the_minutes_that_its_fields_name(
    schedule: str, moment: str, due: bool
) -> None:
    assert Job(schedule, "true").is_due(datetime.fromisoformat(moment)) is due


class Clock:
    """A clock that goes on only while it is waited for."""

    def __init__(self, start: str) -> None:
        self.now = datetime.fromisoformat(start).replace(tzinfo=UTC)
        self.leaps: Iterator[timedelta] = iter(())
        self.waits: list[float] = []

    def read(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds) + next(self.leaps, timedelta(0))

    def minutes(self, count: int) -> list[str]:
        passing = islice(daemon.minutes(self.read, self.wait), count)
        return [f"{minute.astimezone(UTC):%H:%M}" for minute in passing]


def test_each_minute_comes_once_as_it_begins() -> None:
    clock = Clock("2024-01-01 10:00:40")

    assert clock.minutes(3) == ["10:01", "10:02", "10:03"]
    assert clock.waits == [20, 60, 60]


def test_a_few_minutes_that_were_slept_through_are_made_up_for() -> None:
    clock = Clock("2024-01-01 10:00:00")
    clock.leaps = iter([timedelta(minutes=2)])

    assert clock.minutes(4) == ["10:01", "10:02", "10:03", "10:04"]


def test_after_a_night_of_sleep_it_goes_on_with_the_present() -> None:
    clock = Clock("2024-01-01 20:00:00")
    clock.leaps = iter([timedelta(hours=10)])

    assert clock.minutes(2) == ["06:01", "06:02"]


def test_after_the_clock_was_set_back_it_goes_on_with_the_present() -> None:
    clock = Clock("2024-01-01 10:00:00")
    clock.leaps = iter([timedelta(hours=-1)])

    assert clock.minutes(2) == ["09:01", "09:02"]


def test_a_wait_that_ends_too_early_is_continued() -> None:
    clock = Clock("2024-01-01 10:00:00")
    clock.leaps = iter([timedelta(seconds=-1)])

    assert clock.minutes(2) == ["10:01", "10:02"]
    assert clock.waits == [60, 1, 60]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", "the host")
    return tmp_path


def test_a_job_gets_its_environment_and_its_output_is_appended(home: Path) -> None:
    job = Job(
        "@reboot",
        'echo "$PLACE, $GREETING, $(cat), $PWD"; echo oh >&2',
        stdin="input",
        environment={"GREETING": "hello"},
        name="Say: hello/world",
    )

    daemon.run(job, home)
    daemon.run(job, home)

    output = f"the host, hello, input, {home}\noh\n"
    assert (home / "say-hello-world.log").read_text() == output * 2


def test_how_a_job_ended_is_logged(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    daemon.run(Job("@reboot", "exit 3", name="fails"), home)

    assert caplog.messages[0] == "fails: started"
    assert caplog.messages[1].startswith("fails: exited 3 after")
    assert caplog.records[1].levelname == "ERROR"


def test_a_shell_that_is_not_there_is_logged(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    daemon.run(Job("@reboot", "true", environment={"SHELL": "/no/shell"}, name="job"), home)

    assert "job: could not be run" in caplog.text
