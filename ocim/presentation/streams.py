"""Event streams (server-sent events), for pages and API."""

import asyncio
import re
from collections.abc import AsyncIterator

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from ocim.presentation.live import Watch, Write, hub

TYPE = "text/event-stream"
KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent: proxies close what is silent for long."""
LONGEST = 600.0
"""Seconds after which the client must connect again, and Ocim checks its rights again."""


def stream(request: HttpRequest, watch: Watch, write: Write) -> HttpResponseBase:
    """Return the answer with the events of a watch, until they end or LONGEST is over."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return HttpResponse(content_type=TYPE, headers=headers)
    return StreamingHttpResponse(_events(watch, write), content_type=TYPE, headers=headers)


def last_line(request: HttpRequest) -> int:
    """Return the id of the last log line that the client has; 0: none."""
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return int(last) if re.fullmatch(r"[0-9]{1,18}", last) else 0


async def _events(watch: Watch, write: Write) -> AsyncIterator[str]:
    await _give_back_thread()
    until = asyncio.get_running_loop().time() + LONGEST
    with hub.watching(watch):
        yield "retry: 1000\n\n"
        while asyncio.get_running_loop().time() < until:
            try:
                news = await asyncio.wait_for(watch.news.get(), KEEP_ALIVE)
            except TimeoutError:
                yield ": nothing new\n\n"
                continue
            yield news.written(write)
            if news.is_over:
                return


def event(name: str, data: str = "", *, event_id: int | None = None) -> str:
    """Return an event as the stream has it."""
    head = f"event: {name}\n" + (f"id: {event_id}\n" if event_id is not None else "")
    body = "".join(f"data: {line}\n" for line in re.split(r"\r\n|\r|\n", data))
    return f"{head}{body}\n"


async def _give_back_thread() -> None:
    """Release the thread and its database connection, which Django keeps until a request ends.

    A stream lasts minutes and needs neither.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is not None:
        await sync_to_async(connections.close_all)()
        if executor := SyncToAsync.context_to_thread_executor.pop(context, None):
            executor.shutdown(wait=False)
