"""The log of an app server: its pages, searched by level and text, and its download."""

import re
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ocim.presentation.log_text import log_text
from ocim.store import logs
from ocim.web.appservers import LINES_SHOWN, visible_appserver

LONGEST_TEXT = 200
"""Maximum number of characters that are searched for."""


@require_safe
def pages(request: HttpRequest, appserver_id: int) -> HttpResponse:
    """Show a page of the log: of lines of a level or worse, and with a text."""
    appserver = visible_appserver(request, appserver_id)
    text = request.GET.get("q", "").strip()[:LONGEST_TEXT]
    level = request.GET.get("level", "")
    level = level if level in logs.LEVELS else ""
    chosen = {name: value for name, value in (("q", text), ("level", level)) if value}
    if around := _line(request, "around"):
        page = logs.page_from(appserver_id, around, size=LINES_SHOWN)
    else:
        lines = logs.of_appserver(appserver_id, level=level)
        places = {name: _line(request, name) for name in ("after", "before")}
        page = logs.page(lines, text=text, size=LINES_SHOWN, **places)
    shown = {
        "appserver": appserver,
        "instance": appserver.instance,
        "q": text,
        "level": level,
        "levels": logs.LEVELS,
        "query": urlencode(chosen),
        "page": page,
        "failure": logs.failure(appserver_id),
    }
    return render(request, "web/log.html", shown)


@require_safe
def download(request: HttpRequest, appserver_id: int) -> HttpResponseBase:
    """Send the whole log as text, as it is read."""
    visible_appserver(request, appserver_id)
    return log_text(request, appserver_id)


def _line(request: HttpRequest, name: str) -> int:
    """Return the id of a line that a parameter has; 0 if it has none."""
    text = request.GET.get(name, "")
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
