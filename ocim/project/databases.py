"""Settings of the manager's own database, read from its URL."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from ocim.project.options import Options

_FORM = "write kind://user:password@host:port/name (and %2F for / in a password)."
# With WAL, readers do not wait for a writer. Immediate transactions wait for other writers at their
# start, so that they cannot fail for that reason later.
_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}

SHORTEST = 2
"""Seconds below which libpq takes no limit for a connection."""
POOL: Mapping[str, float] = {
    "min_size": 1,
    "max_size": 20,
    "timeout": 5.0,
    "reconnect_timeout": 5.0,
}
"""Connections that a process of the pages keeps, and limits in seconds.

Further requests wait for a connection up to `timeout`. Pauses between attempts to connect double
until `reconnect_timeout`; then the next request begins anew, so that pages are back within seconds
after the database is.
"""


def database(options: Options) -> dict[str, Any]:
    """Return Django's settings of the database; empty if `database_fault` returns a fault."""
    return {} if database_fault(options) else _described(options)


def database_fault(options: Options) -> str:
    """Return a fault of the URL, without quoting it (it may contain a password); empty: none."""
    kind, separator, _ = options.database_url.partition("://")
    if options.database_url and not separator:
        return _FORM
    if separator and kind not in environ.Env.DB_SCHEMES:
        return f"unknown kind of database {kind!r}. Write a URL such as sqlite:///PATH."
    try:
        import_module(f"{_described(options)['ENGINE']}.base")
    except ValueError:
        return _FORM
    except ImportError as error:
        return f"{error.name} is not installed."
    except ImproperlyConfigured as error:
        return f"{str(error).splitlines()[0].rstrip('.')}. Install it in Ocim's environment."
    return ""


def keep_connections(settings: dict[str, Any]) -> None:
    """Let this process reuse PostgreSQL's connections, by Django's settings of the database.

    Django runs each request in a thread of its own, which would connect anew. The server forks for
    a connection, and reads its catalogs again for each query.
    """
    if settings["ENGINE"].endswith("postgresql"):
        settings["OPTIONS"].setdefault("pool", dict(POOL))
        settings["CONN_HEALTH_CHECKS"] = True  # the server may have been restarted meanwhile


def _described(options: Options) -> dict[str, Any]:
    if not options.database_url:  # not as a URL, in which % and # are special
        name = str(options.var / "ocim.sqlite3")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": {**_SQLITE}}
    settings: dict[str, Any] = environ.Env.db_url_config(options.database_url)
    if settings["ENGINE"].endswith("sqlite3"):
        settings["OPTIONS"] = {**_SQLITE, **settings.get("OPTIONS", {})}
    elif settings["ENGINE"].endswith("postgresql"):
        settings["OPTIONS"] = {**_limits(options), **settings.get("OPTIONS", {})}
    return settings


def _limits(options: Options) -> dict[str, int]:
    """Return libpq's limits, so that a cut-off worker notices it before its leases expire.

    Otherwise a query waits a quarter of an hour for a server that no longer answers.
    """
    seconds = max(SHORTEST, int(options.lease / 3))
    return {
        "connect_timeout": seconds,
        "tcp_user_timeout": 1000 * seconds,
        "keepalives_idle": max(1, seconds // 2),
        "keepalives_interval": 1,
        "keepalives_count": max(1, seconds - seconds // 2),
    }
