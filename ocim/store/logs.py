"""Lines of logs, in parts and by a filter. A log may have a hundred thousand lines."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from django.db.models import Max, QuerySet

from ocim.catalog.secrets.masking import mask_text
from ocim.store.models import HostedServer, LogEntry

LEVELS = ("debug", "info", "warning", "error")
CHUNK = 5_000
"""Number of lines that are in memory at once, when many are read."""
SEARCHED = 20_000
"""Maximum number of lines that a search reads for one page. Their text is encrypted, so that
databases cannot search it: these take a quarter of a second."""
CONTEXT_LINES = 50
"""Number of lines that are shown before a line that is looked for."""

Lines = QuerySet[LogEntry]
Row = tuple[int, str, str]
"""Id, text and task of a line."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines of a log, oldest first, and where the lines before and after them are."""

    lines: tuple[LogEntry, ...]
    before: int | None
    """Id of a line: further lines are before it. None: there are none."""
    after: int | None
    """Id of a line: further lines are after it. None: there are none."""


def of_appserver(appserver_id: int, *, level: str = "") -> Lines:
    """Return the lines of an app server's log, of this level or a worse one (empty: all)."""
    lines = LogEntry.objects.filter(appserver_id=appserver_id)
    return lines.filter(level__in=LEVELS[LEVELS.index(level) :]) if level else lines


def after(appserver_id: int, last_id: int, limit: int = 1000) -> list[LogEntry]:
    """Return the lines of an app server's log after the line `last_id` (0: from the beginning)."""
    return list(of_appserver(appserver_id).filter(pk__gt=last_id).order_by("id")[:limit])


def server_after(server: HostedServer, last_id: int, limit: int = 1000) -> list[LogEntry]:
    """Return the lines of the log of a shared server's jobs after the line `last_id`."""
    lines = LogEntry.objects.filter(job__lease_id=server.lease_id, pk__gt=last_id)
    return list(lines.order_by("id")[:limit])


def end(appserver_id: int, limit: int) -> list[LogEntry]:
    """Return the last lines of an app server's log, oldest first."""
    return list(reversed(of_appserver(appserver_id).order_by("-id")[:limit]))


def server_end(server: HostedServer, limit: int) -> list[LogEntry]:
    """Return the last lines of the log of a shared server's jobs, oldest first."""
    lines = LogEntry.objects.filter(job__lease_id=server.lease_id)
    return list(reversed(lines.order_by("-id")[:limit]))


def newest(appserver_ids: Collection[int]) -> dict[int, int]:
    """Return the id of the last log line per app server. App servers without lines are left out."""
    lines = LogEntry.objects.filter(appserver_id__in=appserver_ids)
    return dict(lines.values_list("appserver_id").annotate(Max("id")).order_by())


def failure(appserver_id: int) -> int | None:
    """Return the id of the log's last error; None if it has none."""
    errors = of_appserver(appserver_id, level="error").order_by("-id")
    return errors.values_list("pk", flat=True).first()


def page_from(appserver_id: int, line_id: int, *, size: int) -> LogPage:
    """Return the page with a line, which has CONTEXT_LINES before it."""
    earlier = of_appserver(appserver_id).filter(pk__lt=line_id).order_by("-id")
    first = earlier.values_list("pk", flat=True)[CONTEXT_LINES : CONTEXT_LINES + 1].first()
    return page(of_appserver(appserver_id), after=first or 0, size=size)


def page(lines: Lines, *, text: str = "", after: int = 0, before: int = 0, size: int) -> LogPage:
    """Return lines with this text after or before a line, or the first ones.

    A page may have few lines or none and still not be the last: see SEARCHED.
    """
    if before:
        ids, reached = _search(lines.filter(pk__lt=before), text, size, way="lt")
        return LogPage(_in_order(ids), before=reached, after=before - 1)
    ids, reached = _search(lines.filter(pk__gt=after), text, size, way="gt")
    return LogPage(_in_order(ids), before=after + 1 if after else None, after=reached)


def parts(appserver_id: int) -> Iterator[list[LogEntry]]:
    """Yield a whole log in parts, of which few are in memory at a time."""
    last = 0
    while part := after(appserver_id, last, CHUNK // 5):
        yield part
        last = part[-1].pk


def _search(
    lines: Lines, text: str, size: int, *, way: Literal["lt", "gt"]
) -> tuple[list[int], int | None]:
    """Return ids of lines with the text, and the id of the last line read.

    It is None if that was the last of all. The lookup `way` leads to further lines.
    """
    ids: list[int] = []
    fits = _fits(text)
    step = CHUNK if text else size + 1
    ordered = lines.order_by("-id" if way == "lt" else "id")
    rows: QuerySet[LogEntry, Row] = ordered.values_list("pk", "text", "task")
    for _ in range(0, SEARCHED if text else 1, step):
        part = list(rows[:step])
        for row in part:
            if fits(row):
                if len(ids) == size:
                    return ids, ids[-1]
                ids.append(row[0])
        if len(part) < step:
            return ids, None
        rows = rows.filter(**{f"pk__{way}": part[-1][0]})
    return ids, part[-1][0]


def _fits(text: str) -> Callable[[Row], bool]:
    """Return a function that says if a line has the text, in any case; secrets count as masked."""
    wanted = text.lower()

    def fits(row: Row) -> bool:
        _, text, task = row
        if wanted in task.lower():
            return True
        return wanted in text.lower() and wanted in mask_text(text).lower()

    return fits if text else lambda _row: True


def _in_order(ids: list[int]) -> tuple[LogEntry, ...]:
    return tuple(LogEntry.objects.filter(pk__in=ids).order_by("id"))
