"""The whole log of an app server as text, sent as it is read."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ocim.catalog.secrets.masking import mask_text
from ocim.presentation.live import give_back_connection
from ocim.store import logs
from ocim.store.models import LogEntry

TYPE = "text/plain"


def log_text(request: HttpRequest, appserver_id: int) -> HttpResponseBase:
    """Return the answer with the log; with the parameter `download`, browsers save it as a file."""
    name = f'attachment; filename="appserver-{appserver_id}.log"'
    headers = {"Content-Disposition": name} if "download" in request.GET else {}
    kind = f"{TYPE}; charset=utf-8"
    if request.method == "HEAD":
        return HttpResponse(content_type=kind, headers=headers)
    parts = _texts(logs.parts(appserver_id))
    return StreamingHttpResponse(parts, content_type=kind, headers=headers)


async def _texts(parts: Iterator[list[LogEntry]]) -> AsyncIterator[str]:
    """Yield the texts of parts. A reader that is slow holds no connection to the database."""

    def text() -> str:
        try:
            return "".join(map(_text, next(parts, ())))
        finally:
            give_back_connection()

    while part := await sync_to_async(text)():
        yield part


def _text(line: LogEntry) -> str:
    task = f"[{line.task}] " if line.task else ""
    return f"{line.time:%Y-%m-%dT%H:%M:%SZ} {line.level:7} {task}{mask_text(line.text)}\n"
