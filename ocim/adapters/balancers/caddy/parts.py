"""Pieces of Caddy's configuration that the edge and the router share."""

from ocim.adapters.balancers.caddy.pages import HOLDING, RETRY_SECONDS, UNKNOWN

Json = dict[str, object]

KNOWN_PATH = "/.ocim/known"
"""On plain HTTP: 200 for a name that is served; asked before a certificate is got for it."""

HEALTH_HOST = "router.ocim"
"""Asked of a router: 200, or 503 where it is about to end and another one takes over."""

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
    """What every Caddy of ours begins with: who may change it, and what it says on stderr.

    Lines about requests lose what may hold a secret: query strings and headers. `silent` are
    loggers that say nothing worth a line.
    """
    return {
        "admin": {**admin, "config": {"persist": False}},
        "logging": {
            "logs": {
                "default": {
                    "level": "WARN",
                    "encoder": WITHOUT_SECRETS,
                    # `admin` says at every load that a Unix socket does not check host names.
                    "exclude": ["admin", "http.log.error", *silent],
                },
                # Why there was no answer: a mere detail to Caddy where there is a page for it.
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
    """A duration as Caddy reads it."""
    return f"{value:g}s"
