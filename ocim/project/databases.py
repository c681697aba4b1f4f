"""The manager's own database, from its URL."""

from typing import Any

import environ

from ocim.project.options import Options

# Readers do not wait for a writer; who writes waits for another at the transaction's beginning,
# and so cannot be refused in the middle of it.
_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def database(options: Options) -> dict[str, Any]:
    """Django's description of it; an URL that makes no sense is left to the system checks."""
    if not options.database_url:
        name = str(options.var / "ocim.sqlite3")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": {**_SQLITE}}
    found: dict[str, Any] = environ.Env.db_url_config(options.database_url)
    if found.get("ENGINE", "").endswith("sqlite3"):
        found["OPTIONS"] = {**_SQLITE, **found.get("OPTIONS", {})}
    return found
