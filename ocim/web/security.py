"""What browsers may do with the pages, what they may keep, and what of refusals is logged."""

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
    """Sends the policy with every response, and lets nobody keep what does not say that he may."""

    def process_response(
        self, _request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Set the headers; static files have a Cache-Control of their own."""
        response.headers["Content-Security-Policy"] = POLICY
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class NoTraceback(logging.Filter):
    """Leaves a record's first line, without the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback out, and let the record pass."""
        record.exc_info = None
        record.exc_text = None
        return True
