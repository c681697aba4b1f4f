"""The page of the audit log, and its download."""

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ocim.core.audit import AuditFilter
from ocim.core.errors import ValidationError
from ocim.presentation.audit import changes, csv_lines, fields
from ocim.store import audit
from ocim.web.rights import access


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Show the newest entries that a search finds, page by page."""
    _require(request)
    texts = {name: str(value) for name, value in request.GET.items()}
    shown: dict[str, object] = {"fields": fields(texts)}
    try:
        chosen = AuditFilter.parse(texts)
        entries = audit.filtered(audit.readable(access(request)), chosen)
        page = audit.page(entries, after=texts.get("after", ""))
    except ValidationError as error:
        return render(request, "web/audit.html", {**shown, "faults": error.faults}, status=400)
    rows = [{"entry": entry, "changes": changes(entry)} for entry in page.entries]
    shown |= {"rows": rows, "after": page.after, "query": chosen.as_query()}
    return render(request, "web/audit.html", shown)


@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """Send all entries that a search finds as CSV, as they are read."""
    _require(request)
    try:
        chosen = AuditFilter.parse({name: str(value) for name, value in request.GET.items()})
    except ValidationError as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain; charset=utf-8")
    entries = audit.filtered(audit.readable(access(request)), chosen)
    return StreamingHttpResponse(
        _parts(csv_lines(audit.each(entries))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


async def _parts(lines: Iterator[str]) -> AsyncIterator[str]:
    """Yield the lines in parts. Django would gather all lines of a plain iterator."""

    def part() -> str:
        return "".join(islice(lines, audit.CHUNK))

    while text := await sync_to_async(part)():
        yield text


def _require(request: HttpRequest) -> None:
    if not audit.may_read(access(request)):
        raise PermissionDenied
