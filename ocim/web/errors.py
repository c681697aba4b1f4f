"""The answer to a request that failed, by the fault that the database told, if any."""

import sys

from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

RETRY_AFTER = 10
"""Seconds after which a browser or script should try again."""
REFUSED: dict[type[Exception], tuple[int, str, str]] = {
    DataError: (
        400,
        "This cannot be stored",
        "A text is too long, or has NUL or another character that no database stores. Go back,"
        " and correct it.",
    ),
    IntegrityError: (
        409,
        "This was saved already",
        "The same was saved at the same moment, perhaps by a second click. Go back, and reload the"
        " page.",
    ),
}
"""Status, title and text for faults of what was sent that only the database noticed."""


def failed(request: HttpRequest) -> HttpResponse:
    """Answer for an exception that nobody handled; Django calls this while it handles it."""
    # Rendered without the request: who is signed in is in the database.
    match error := sys.exception():
        case OperationalError() | InterfaceError():
            answer = HttpResponse(render_to_string("503.html"), status=503)
            answer.headers["Retry-After"] = str(RETRY_AFTER)
            return answer
        case DataError() | IntegrityError():
            status, title, text = REFUSED[type(error)]
            shown = {"title": title, "text": text}
            return HttpResponse(render_to_string("refused.html", shown), status=status)
    return server_error(request)
