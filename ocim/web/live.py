"""What open pages are told: one look at the database for all of them, while there are any."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections

from ocim.store import selectors
from ocim.store.models import LogEntry

log = logging.getLogger(__name__)


Subject = tuple[str, int]
"""What a page is about: one of MARKS, and its id."""
MARKS: Mapping[str, Callable[[Collection[int]], dict[int, str]]] = {
    "instance": selectors.change_tokens,
    "rollout": selectors.rollout_change_tokens,
}


@dataclass(frozen=True, slots=True)
class News:
    """What a watcher has not been told yet."""

    lines: list[LogEntry]
    has_changed: bool
    is_over: bool
    """Nothing more will come."""

    def __bool__(self) -> bool:
        return bool(self.lines) or self.has_changed or self.is_over


@dataclass(eq=False, slots=True)
class Watch:
    """One open page: what it shows of, and what it was told last."""

    subject: Subject
    mark: str
    """Of what it shows, as `MARKS` gives it."""
    appserver_id: int | None = None
    last_line: int = 0
    was_ended: bool = False
    news: asyncio.Queue[News] = field(default_factory=lambda: asyncio.Queue(maxsize=1))
    """A slow reader holds back itself only: it is told more when it has taken this."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at the database saw of what is watched."""

    marks: dict[Subject, str]
    lines: dict[int, list[LogEntry]]
    ended: set[int]


class Hub:
    """Tells watches what is new, looking every `seconds`."""

    def __init__(self, seconds: float = 0.5) -> None:
        self.seconds = seconds
        self.looking: asyncio.Task[None] | None = None
        self._watches: set[Watch] = set()

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[Watch]:
        """Tell the watch what is new, until the block is left. Needs a running event loop."""
        self._watches.add(watch)
        if self.looking is None:
            # Outside of the request's context, which has a thread that ends with the request.
            self.looking = asyncio.create_task(self._look(), context=Context())
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def _look(self) -> None:
        try:
            while self._watches:
                ready = [watch for watch in self._watches if watch.news.empty()]
                try:
                    sight = await sync_to_async(_see)(ready)
                except DatabaseError:
                    log.exception("Pages are not told what is new; trying again.")
                    await sync_to_async(_let_go)()
                else:
                    for watch in ready:
                        _tell(watch, sight)
                await asyncio.sleep(self.seconds)
        finally:
            self.looking = None
        await sync_to_async(_let_go)()


def _let_go() -> None:
    """Close this thread's connections; one in a transaction is somebody else's, as in tests."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def _see(watches: list[Watch]) -> Sight:
    told: dict[int, int] = {}
    for watch in watches:
        if (pk := watch.appserver_id) is not None:
            told[pk] = min(watch.last_line, told.get(pk, watch.last_line))
    # Who has ended is read first: what it said at its end is then among the lines.
    ended = selectors.terminated(told)
    return Sight(
        marks=_marks({watch.subject for watch in watches}),
        lines={
            pk: selectors.log_after(pk, told[pk])
            for pk, newest in selectors.newest_lines(told).items()
            if newest > told[pk]
        },
        ended=ended,
    )


def _marks(subjects: set[Subject]) -> dict[Subject, str]:
    found: dict[Subject, str] = {}
    for kind, marks in MARKS.items():
        if ids := {pk for what, pk in subjects if what == kind}:
            found |= {(kind, pk): mark for pk, mark in marks(ids).items()}
    return found


def _tell(watch: Watch, sight: Sight) -> None:
    seen = sight.lines.get(watch.appserver_id or 0, [])
    lines = [line for line in seen if line.pk > watch.last_line]
    mark = sight.marks[watch.subject]
    # A worker says its last word just after it has ended the app server: there is a second look.
    has_ended = watch.appserver_id in sight.ended
    news = News(lines, mark != watch.mark, has_ended and watch.was_ended and not lines)
    watch.was_ended, watch.mark = has_ended, mark
    if lines:
        watch.last_line = lines[-1].pk
    if news:
        watch.news.put_nowait(news)


hub = Hub()
"""This process's."""
