"""Updates of open pages and streams: one set of queries for all, only while there are any."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections

from ocim.store import logs, selectors
from ocim.store.models import LogEntry

log = logging.getLogger(__name__)


Subject = tuple[str, int]
"""The kind of a page's subject (a key of CHANGE_TOKENS), and the subject's id."""
CHANGE_TOKENS: Mapping[str, Callable[[Collection[int]], dict[int, str]]] = {
    "instance": selectors.change_tokens,
    "rollout": selectors.rollout_change_tokens,
}


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """News for open pages: what they have not received yet. Pages that lack the same share it."""

    lines: list[LogEntry]
    has_changed: bool
    is_over: bool
    """True if there will be no further news."""
    _texts: dict["Write", str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.lines) or self.has_changed or self.is_over

    def written(self, write: "Write") -> str:
        """Return the text that `write` makes of the news; it is made once for all pages."""
        if write not in self._texts:
            self._texts[write] = write(self)
        return self._texts[write]


Write = Callable[[News], str]
"""A function that returns news as the text of events."""
Shared = dict[tuple[int | None, int, bool, bool], News]
"""News of one look: by app server, the last line that a page has, has_changed and is_over."""


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
                    await sync_to_async(give_back_connection)()
                else:
                    shared: Shared = {}
                    for watch in ready:
                        _send_news(watch, sight, shared)
                await asyncio.sleep(self.seconds)
        finally:
            self.looking = None
        await sync_to_async(give_back_connection)()


def give_back_connection() -> None:
    """Close this thread's connections, but none in a transaction, which belongs to a test.

    On PostgreSQL they go back to the pool.
    """
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
            pk: logs.after(pk, last_lines[pk])
            for pk, newest in logs.newest(last_lines).items()
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


def _send_news(watch: Watch, sight: Sight, shared: Shared) -> None:
    pk, token = watch.appserver_id, sight.tokens[watch.subject]
    seen = sight.lines.get(pk or 0, [])
    has_lines = bool(seen) and seen[-1].pk > watch.last_line
    # A worker writes its last line just after the app server ends: wait for one more query.
    has_ended = pk in sight.ended
    is_over = has_ended and watch.was_ended and not has_lines
    key = (pk, watch.last_line, token != watch.token, is_over)
    if key not in shared:
        lines = [line for line in seen if line.pk > watch.last_line]
        shared[key] = News(lines, token != watch.token, is_over)
    watch.was_ended, watch.token = has_ended, token
    if has_lines:
        watch.last_line = seen[-1].pk
    if news := shared[key]:
        watch.news.put_nowait(news)


hub = Hub()
"""The hub of this process."""
