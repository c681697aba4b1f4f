"""The end of work before its time: asked for from outside, and noticed wherever the work waits.

A job opens a scope. Everything below it that waits (a program, a request, a pause, a lock) asks
`check`, which raises what ends the job. So no function has to be told how it may be stopped.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import TypeVar

from ocim.core.errors import Cancelled, OcimError

T = TypeVar("T")
EVERY = 1.0
"""Seconds between two questions whether the work shall end: each may cost a query."""
STEP = 0.2
"""Seconds between two looks, within this process, at what the answer was."""
CLEAN_UP = 120.0
"""Seconds that putting things right may take, once work has failed or was stopped."""


class Ended(Cancelled):
    """The work was stopped by something else than its own cancellation: a time limit, an abort."""


@dataclass
class _Scope:
    ask: Callable[[], OcimError | None]
    thread: int = field(default_factory=threading.get_ident)
    asked: float = float("-inf")
    error: OcimError | None = None

    def check(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        is_due = at_once or now >= self.asked + EVERY
        # Only the thread that opened it asks: other threads have no connection to the database.
        if self.error is None and is_due and self.thread == threading.get_ident():
            self.asked = now
            self.error = self.ask()
        if self.error is not None:
            raise self.error.with_traceback(None)


_scopes: ContextVar[tuple[_Scope, ...]] = ContextVar("scopes", default=())


@contextmanager
def scope(ask: Callable[[], OcimError | None], *, outermost: bool = False) -> Iterator[None]:
    """Let `check` raise what `ask` returns, within the block; None lets the work go on.

    What scopes around it ask holds too, unless it is to be the `outermost` one.
    """
    around = () if outermost else _scopes.get()
    token = _scopes.set((*around, _Scope(ask)))
    try:
        yield
    finally:
        _scopes.reset(token)


@contextmanager
def clean_up(seconds: float = CLEAN_UP) -> Iterator[None]:
    """Put things right within the block, though the work was stopped; `seconds` is its limit."""
    deadline = time.monotonic() + seconds

    def ask() -> OcimError | None:
        late = time.monotonic() > deadline
        return OcimError(f"Putting things right took over {seconds:g} s.") if late else None

    with scope(ask, outermost=True):
        yield


def check() -> None:
    """Raise what ends the work, where it shall end (Cancelled, LostClaim, a time limit)."""
    for one in _scopes.get():
        one.check()


def is_cancelled() -> bool:
    """Ask now whether the work was cancelled; raise what else ends it.

    For those that are given a function to ask, and do so about once a second.
    """
    try:
        for one in _scopes.get():
            one.check(at_once=True)
    except Ended:
        raise
    except Cancelled:
        return True
    return False


def wait(seconds: float) -> None:
    """Let so many seconds pass, and `check` meanwhile."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        check()
        time.sleep(min(left, STEP))


def carried(function: Callable[..., T]) -> Callable[..., T]:
    """Return the function for another thread, where `check` raises what it raises in this one."""
    context = copy_context()
    return lambda *arguments: context.run(function, *arguments)
