"""Security headers of all pages, and a logging filter for refused requests."""

import logging

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class HeadersMiddleware(MiddlewareMixin):
    """A middleware that adds a content security policy and forbids caching."""

    def process_response(
        self, _request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Add the headers; static files keep their own Cache-Control, the API's page its policy."""
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class NoTraceback(logging.Filter):
    """A logging filter that removes tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the record's traceback, and pass the record on."""
        record.exc_info = None
        record.exc_text = None
        return True
