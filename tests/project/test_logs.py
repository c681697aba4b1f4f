"""Filters of log records."""

import logging

import pytest

from ocim.project.logs import QueueAway

WORKER = "huey.consumer.Worker"


class Clock:
    """A clock that stands still until a test sets it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(text: str, error: Exception) -> logging.LogRecord:
    """Return a record as Huey makes it for an exception."""
    info = (type(error), error, None)
    return logging.LogRecord(WORKER, logging.ERROR, "", 0, text, None, info)


def test_a_queue_that_is_away_is_told_once_a_minute_without_tracebacks() -> None:
    clock = Clock()
    told = QueueAway(clock=clock)
    error = ConnectionError("Connection refused")
    first = record("Error reading from queue", error)
    assert told.filter(first)
    text = logging.Formatter("%(message)s").format(first)
    assert text == "Error reading from queue: Connection refused (told once a minute)"
    clock.now = 59.0
    assert not told.filter(record("Error reading from queue", error))
    assert told.filter(record("Error reading schedule.", error))
    clock.now = 60.0
    assert told.filter(record("Error reading from queue", error))


def test_other_errors_of_a_queue_keep_their_tracebacks() -> None:
    fault = record("Unhandled error during execution of task 7.", ValueError("wrong"))
    told = QueueAway()
    assert told.filter(fault)
    assert told.filter(fault)
    assert fault.exc_info


@pytest.mark.parametrize("name", [WORKER, "huey.consumer.Scheduler"])
def test_the_threads_of_a_worker_have_that_filter(name: str) -> None:
    assert any(isinstance(each, QueueAway) for each in logging.getLogger(name).filters)
