"""The program that refreshes discovery's courses during a verification."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from django.core.management import BaseCommand, get_commands

PROGRAM = import_module("ocim.catalog.programs.verify_discovery")
"""Module that Python 2.7 reads, too, so that it has no annotations."""
Refreshes = Callable[[Callable[[], None]], dict[str, Any]]


@pytest.fixture
def refreshes(monkeypatch: pytest.MonkeyPatch) -> Refreshes:
    """Return a function that refreshes a discovery whose loaders do what it is called with."""

    def run(loaders: Callable[[], None]) -> dict[str, Any]:
        class Command(BaseCommand):
            def handle(self, *_args: Any, **_options: Any) -> None:
                loaders()

        monkeypatch.setitem(get_commands(), "refresh_course_metadata", Command())
        result: dict[str, Any] = PROGRAM.refresh({"seconds": 0.05})
        return result

    return run


def test_errors_count_though_the_command_passes(refreshes: Refreshes) -> None:
    result = refreshes(lambda: logging.getLogger("a loader").error("no course %s", 1))
    assert result == {"ended": True, "failed": "", "errors": ["no course 1"], "retried": ""}


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
