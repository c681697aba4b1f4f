"""Interruption of work: requested from outside, noticed wherever the work waits.

A job opens a scope. Everything in it that waits (for a program, a response, a pause, a lock) calls
`check`, which raises the error that ends the job. So no function needs a parameter for it.
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
"""Seconds between two calls of a scope's `ask`, each of which may cost a query."""
STEP = 0.2
"""Seconds between two calls of `check` while waiting."""
CLEAN_UP = 120.0
"""Maximum duration, in seconds, of the clean-up after work that failed or was stopped."""


class Ended(Cancelled):
    """End of work by something other than its own cancellation: a time limit, an abort."""


@dataclass
class _Scope:
    ask: Callable[[], OcimError | None]
    thread: int = field(default_factory=threading.get_ident)
    asked: float = float("-inf")
    error: OcimError | None = None

    def check(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        is_due = at_once or now >= self.asked + EVERY
        # Other threads than the one that opened the scope have no database connection.
        if self.error is None and is_due and self.thread == threading.get_ident():
            self.asked = now
            self.error = self.ask()
        if self.error is not None:
            raise self.error.with_traceback(None)


_scopes: ContextVar[tuple[_Scope, ...]] = ContextVar("scopes", default=())


@contextmanager
def scope(ask: Callable[[], OcimError | None], *, outermost: bool = False) -> Iterator[None]:
    """Make `check` raise the error that `ask` returns, within the block; None continues the work.

    Surrounding scopes apply, too, unless this one is the `outermost`.
    """
    around = () if outermost else _scopes.get()
    token = _scopes.set((*around, _Scope(ask)))
    try:
        yield
    finally:
        _scopes.reset(token)


@contextmanager
def clean_up(seconds: float = CLEAN_UP) -> Iterator[None]:
    """Allow a clean-up in the block although the work was stopped, for at most `seconds`."""
    deadline = time.monotonic() + seconds

    def ask() -> OcimError | None:
        late = time.monotonic() > deadline
        return OcimError(f"The clean-up took over {seconds:g} s.") if late else None

    with scope(ask, outermost=True):
        yield


def check() -> None:
    """Raise the error that ends the work, if it shall end (Cancelled, LostClaim, a time limit)."""
    for open_scope in _scopes.get():
        open_scope.check()


def is_cancelled() -> bool:
    """Return True if the work was cancelled; raise any other error that ends it.

    Ask at once: for libraries that call a function about once a second.
    """
    try:
        for open_scope in _scopes.get():
            open_scope.check(at_once=True)
    except Ended:
        raise
    except Cancelled:
        return True
    return False


def wait(seconds: float) -> None:
    """Wait this many seconds, and call `check` meanwhile."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        check()
        time.sleep(min(left, STEP))


def carried(function: Callable[..., T]) -> Callable[..., T]:
    """Return the function for use in another thread, with this thread's scopes."""
    context = copy_context()
    return lambda *arguments: context.run(function, *arguments)
