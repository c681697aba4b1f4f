"""Actors: who changes something, and from where."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The ways to change something."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a program that changes something."""

    kind: ActorKind
    name: str = ""
    """Name of the account, or of the operating system's user. A worker's is that of who asked for
    the job; empty: nobody did."""
    address: str = ""
    """Network address of a browser or a program; name of the machine of commands and workers."""
    user_id: int | None = None
    """Id of the account."""


NOBODY = Actor(ActorKind.WORKER)
"""The actor of what a worker does by itself."""
_current: ContextVar[Callable[[], Actor]] = ContextVar("actor", default=lambda: NOBODY)


def current_actor() -> Actor:
    """Return who changes something now."""
    return _current.get()()


def set_actor(actor: Callable[[], Actor] = lambda: NOBODY) -> None:
    """Set a function that returns the actor, until another one is set in this context.

    It is called when something is recorded: reading a request's account takes a query.
    """
    _current.set(actor)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Set the actor for a block."""
    token = _current.set(lambda: actor)
    try:
        yield
    finally:
        _current.reset(token)
