"""Parts of Caddy's configuration that the edge and the router share."""

from ocim.adapters.balancers.caddy.pages import HOLDING, RETRY_SECONDS, UNKNOWN

Json = dict[str, object]

KNOWN_PATH = "/.ocim/known"
"""Path on plain HTTP: 200 for a served name. Checked before a certificate is requested for it."""

HEALTH_HOST = "router.ocim"
"""Host name of the router's health check: 200, or 503 if a newer configuration has taken over."""

HOLDING_PAGE: Json = {
    "handler": "static_response",
    "status_code": 503,
    "headers": {
        "Content-Type": ["text/html; charset=utf-8"],
        "Cache-Control": ["no-store"],
        "Retry-After": [str(RETRY_SECONDS)],
    },
    "body": HOLDING,
}

UNKNOWN_PAGE: Json = {
    "handler": "static_response",
    "status_code": 404,
    "headers": {"Content-Type": ["text/html; charset=utf-8"]},
    "body": UNKNOWN,
}

GATEWAY_ERRORS: Json = {
    "routes": [
        {
            "match": [{"vars": {"{http.error.status_code}": ["502", "503", "504"]}}],
            "handle": [{**HOLDING_PAGE, "status_code": "{http.error.status_code}"}],
        }
    ]
}


def base(*, admin: Json, silent: tuple[str, ...] = ()) -> Json:
    """Return the common beginning of every configuration: the admin socket, and logging to stderr.

    Query strings and headers are removed from log lines, since they may contain secrets. The
    loggers in `silent` log nothing.
    """
    return {
        "admin": {**admin, "config": {"persist": False}},
        "logging": {
            "logs": {
                "default": {
                    "level": "WARN",
                    "encoder": WITHOUT_SECRETS,
                    # `admin` warns at every load that a Unix socket does not check host names.
                    "exclude": ["admin", "http.log.error", *silent],
                },
                # For requests that have an error page, Caddy logs the reason at level DEBUG.
                "errors": {
                    "level": "DEBUG",
                    "encoder": WITHOUT_SECRETS,
                    "include": ["http.log.error"],
                },
            }
        },
    }


_WITHOUT_QUERY: Json = {"filter": "regexp", "regexp": r"\?.*", "value": "?…"}

WITHOUT_SECRETS: Json = {
    "format": "filter",
    "wrap": {"format": "json", "time_format": "iso8601"},
    "fields": {
        "request>uri": _WITHOUT_QUERY,
        "request>headers": {"filter": "delete"},
        "resp_headers": {"filter": "delete"},
    },
}


def seconds(value: float) -> str:
    """Format a duration for Caddy."""
    return f"{value:g}s"
