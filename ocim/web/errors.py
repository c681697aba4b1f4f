"""The answer to a request that failed: 503 where the database is at fault, 500 otherwise."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

RETRY_AFTER = 10
"""Seconds after which a browser or script should try again."""


def failed(request: HttpRequest) -> HttpResponse:
    """Answer for an exception that nobody handled; Django calls this while it handles it."""
    if not isinstance(sys.exception(), OperationalError | InterfaceError):
        return server_error(request)
    # Rendered without the request: who is signed in is in the database.
    answer = HttpResponse(render_to_string("503.html"), status=503)
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer
