"""Work is stopped from outside wherever it waits."""

import threading
import time
from collections.abc import Callable

import pytest

from ocim.core import stopping
from ocim.core.errors import Cancelled, OcimError

Ask = Callable[[], OcimError | None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask at every look."""
    monkeypatch.setattr(stopping, "EVERY", 0.0)
    monkeypatch.setattr(stopping, "STEP", 0.01)


def ended() -> OcimError:
    return stopping.Ended("It is over.")


def test_without_a_scope_work_goes_on() -> None:
    stopping.check()
    stopping.wait(0.01)
    assert not stopping.is_cancelled()


def test_what_a_scope_says_is_raised_and_goes_on_being_raised() -> None:
    answers: list[OcimError | None] = [None, Cancelled("Cancelled.")]
    with stopping.scope(lambda: answers.pop(0)):
        stopping.check()
        for _ in range(2):
            with pytest.raises(Cancelled):
                stopping.check()
    stopping.check()


def test_scopes_around_hold_too_but_not_around_the_outermost() -> None:
    with stopping.scope(ended):
        with stopping.scope(lambda: None), pytest.raises(stopping.Ended):
            stopping.check()
        with stopping.scope(lambda: None, outermost=True):
            stopping.check()


def test_a_pause_ends_when_the_work_does() -> None:
    began = time.monotonic()
    over = [None, None, ended()]
    with stopping.scope(lambda: over.pop(0)), pytest.raises(stopping.Ended):
        stopping.wait(60)
    assert time.monotonic() - began < 30


def test_whoever_is_given_a_function_is_told_of_a_cancellation_and_of_all_else_by_an_error() -> (
    None
):
    with stopping.scope(lambda: Cancelled("Cancelled.")):
        assert stopping.is_cancelled()
    with stopping.scope(ended), pytest.raises(stopping.Ended):
        stopping.is_cancelled()


def test_putting_things_right_goes_on_but_not_for_ever() -> None:
    with stopping.scope(ended):
        with stopping.clean_up():
            stopping.check()
        with stopping.clean_up(-1), pytest.raises(OcimError, match="The clean-up"):
            stopping.check()


def test_another_thread_sees_what_the_first_was_told_and_asks_nobody() -> None:
    asked: list[int] = []

    def ask() -> OcimError | None:
        asked.append(threading.get_ident())
        return ended()

    raised: list[BaseException] = []

    def work() -> None:
        try:
            stopping.check()
        except OcimError as error:
            raised.append(error)

    def in_a_thread() -> None:
        thread = threading.Thread(target=stopping.carried(work))
        thread.start()
        thread.join()

    with stopping.scope(ask):
        in_a_thread()
        assert raised == []
        with pytest.raises(stopping.Ended):
            stopping.check()
        in_a_thread()
    assert len(raised) == 1
    assert set(asked) == {threading.get_ident()}
