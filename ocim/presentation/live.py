"""Updates of open pages and streams: one set of queries for all, only while there are any."""

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
"""The kind of a page's subject (a key of CHANGE_TOKENS), and the subject's id."""
CHANGE_TOKENS: Mapping[str, Callable[[Collection[int]], dict[int, str]]] = {
    "instance": selectors.change_tokens,
    "rollout": selectors.rollout_change_tokens,
}


@dataclass(frozen=True, slots=True)
class News:
    """News for an open page: what it has not received yet."""

    lines: list[LogEntry]
    has_changed: bool
    is_over: bool
    """True if there will be no further news."""

    def __bool__(self) -> bool:
        return bool(self.lines) or self.has_changed or self.is_over


@dataclass(eq=False, slots=True)
class Watch:
    """An open page: its subject, and the state that it has received."""

    subject: Subject
    token: str
    """Change token of what the page shows, from CHANGE_TOKENS."""
    appserver_id: int | None = None
    last_line: int = 0
    was_ended: bool = False
    news: asyncio.Queue[News] = field(default_factory=lambda: asyncio.Queue(maxsize=1))
    """A queue of one item at most: a slow reader delays only itself."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Result of one set of queries for all watched subjects."""

    tokens: dict[Subject, str]
    lines: dict[int, list[LogEntry]]
    ended: set[int]


class Hub:
    """A hub that queries the database every `seconds`, and sends news to all open pages."""

    def __init__(self, seconds: float = 0.5) -> None:
        self.seconds = seconds
        self.looking: asyncio.Task[None] | None = None
        self._watches: set[Watch] = set()

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[Watch]:
        """Send news to the watch until the block ends. This needs a running event loop."""
        self._watches.add(watch)
        if self.looking is None:
            # In a context of its own: the request's has a thread that ends with the request.
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
                    log.exception("Open pages get no updates; trying again.")
                    await sync_to_async(_let_go)()
                else:
                    for watch in ready:
                        _send_news(watch, sight)
                await asyncio.sleep(self.seconds)
        finally:
            self.looking = None
        await sync_to_async(_let_go)()


def _let_go() -> None:
    """Close this thread's connections, but none in a transaction, which belongs to a test."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def _see(watches: list[Watch]) -> Sight:
    last_lines: dict[int, int] = {}
    for watch in watches:
        if (pk := watch.appserver_id) is not None:
            last_lines[pk] = min(watch.last_line, last_lines.get(pk, watch.last_line))
    # The ended app servers are read first: their last lines are then among the lines.
    ended = selectors.terminated(last_lines)
    return Sight(
        tokens=_tokens({watch.subject for watch in watches}),
        lines={
            pk: selectors.log_after(pk, last_lines[pk])
            for pk, newest in selectors.newest_lines(last_lines).items()
            if newest > last_lines[pk]
        },
        ended=ended,
    )


def _tokens(subjects: set[Subject]) -> dict[Subject, str]:
    tokens: dict[Subject, str] = {}
    for kind, read_tokens in CHANGE_TOKENS.items():
        if ids := {pk for subject_kind, pk in subjects if subject_kind == kind}:
            tokens |= {(kind, pk): token for pk, token in read_tokens(ids).items()}
    return tokens


def _send_news(watch: Watch, sight: Sight) -> None:
    seen = sight.lines.get(watch.appserver_id or 0, [])
    lines = [line for line in seen if line.pk > watch.last_line]
    token = sight.tokens[watch.subject]
    # A worker writes its last line just after the app server ends: wait for one more query.
    has_ended = watch.appserver_id in sight.ended
    news = News(lines, token != watch.token, has_ended and watch.was_ended and not lines)
    watch.was_ended, watch.token = has_ended, token
    if lines:
        watch.last_line = lines[-1].pk
    if news:
        watch.news.put_nowait(news)


hub = Hub()
"""The hub of this process."""
