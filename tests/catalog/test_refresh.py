"""The program that refreshes discovery's courses during a verification."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from django.core.management import BaseCommand, CommandParser, get_commands

PROGRAM = import_module("ocim.catalog.programs.verify_discovery")
"""Module that Python 2.7 reads, too, so that it has no annotations."""
Refreshes = Callable[..., dict[str, Any]]


@pytest.fixture
def refreshes(monkeypatch: pytest.MonkeyPatch) -> Refreshes:
    """Return a function that refreshes a discovery whose loaders do what it is called with."""

    def run(loaders: Callable[[], None], partner: str = "") -> dict[str, Any]:
        class Command(BaseCommand):
            def add_arguments(self, parser: CommandParser) -> None:
                parser.add_argument("--partner_code")

            def handle(self, *_args: Any, **options: Any) -> None:
                logging.getLogger("a loader").info("of %s", options["partner_code"])
                loaders()

        monkeypatch.setitem(get_commands(), "refresh_course_metadata", Command())
        result: dict[str, Any] = PROGRAM.refresh({"seconds": 0.05, "partner": partner})
        return result

    return run


def test_errors_count_though_the_command_passes(refreshes: Refreshes) -> None:
    result = refreshes(lambda: logging.getLogger("a loader").error("no course %s", 1))
    assert result == {"ended": True, "failed": "", "errors": ["no course 1"], "retried": ""}


@pytest.mark.parametrize("partner, read", [("openedx", "openedx"), ("", "None")])
def test_courses_of_one_partner_or_of_all_are_read(
    refreshes: Refreshes, caplog: pytest.LogCaptureFixture, partner: str, read: str
) -> None:
    with caplog.at_level(logging.INFO, "a loader"):
        assert refreshes(lambda: None, partner)["failed"] == ""
    assert f"of {read}" in caplog.messages


def test_a_failure_is_told(refreshes: Refreshes) -> None:
    def loaders() -> None:
        raise KeyError("price")

    assert refreshes(loaders)["failed"] == "KeyError: 'price'"


def test_one_that_repeats_its_requests_ends_in_its_time_and_tells_the_last(
    refreshes: Refreshes,
) -> None:
    def loaders() -> None:
        for number in (1, 2):
            logging.getLogger("backoff").warning("Backing off request %s", number)
        with suppress(Exception):  # as the command does, whose next loader would begin
            threading.Event().wait(60)

    result = refreshes(loaders)
    assert result == {
        "ended": False,
        "failed": "",
        "errors": [],
        "retried": "Backing off request 2",
    }
