"""The manager's own database, from its URL."""

from importlib import import_module
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from ocim.project.options import Options

_FORM = "this is not kind://user:password@host:port/name (in a password write / as %2F)."
# Readers do not wait for a writer; who writes waits for another at the transaction's beginning,
# and so cannot be refused in the middle of it.
_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def database(options: Options) -> dict[str, Any]:
    """Django's description of it; empty where `database_fault` has something to say."""
    return {} if database_fault(options) else _described(options)


def database_fault(options: Options) -> str:
    """Why the URL cannot be used, without any of it: it may hold a password. Empty: it can."""
    kind, separator, _ = options.database_url.partition("://")
    if options.database_url and not separator:
        return _FORM
    if separator and kind not in environ.Env.DB_SCHEMES:
        return f"there is no kind of database {kind!r}; sqlite:///PATH is one that there is."
    try:
        import_module(f"{_described(options)['ENGINE']}.base")
    except ValueError:
        return _FORM
    except ImportError as error:
        return f"{error.name} is not installed."
    except ImproperlyConfigured as error:
        return f"{str(error).splitlines()[0].rstrip('.')}: install it beside Ocim."
    return ""


def _described(options: Options) -> dict[str, Any]:
    if not options.database_url:  # a path is not put into a URL: % and # mean something there
        name = str(options.var / "ocim.sqlite3")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": {**_SQLITE}}
    found: dict[str, Any] = environ.Env.db_url_config(options.database_url)
    if found["ENGINE"].endswith("sqlite3"):
        found["OPTIONS"] = {**_SQLITE, **found.get("OPTIONS", {})}
    return found
