"""The services' configuration: one YAML file each, named by an environment variable."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pymysql
import yaml
from django.core.exceptions import ImproperlyConfigured

FAULTS = ("answer-500", "heartbeat-500", "slow", "refuse-enrollment")


def read(variable: str, *, required: Iterable[str]) -> dict[str, Any]:
    """Return the mapping in the YAML file that the environment variable names.

    Raise ImproperlyConfigured with the file's name and all its faults.
    """
    path = os.environ.get(variable)
    if not path:
        raise ImproperlyConfigured(f"Set {variable} to the path of the service's YAML file.")
    try:
        content = yaml.safe_load(Path(path).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ImproperlyConfigured(f"{variable}={path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ImproperlyConfigured(f"{variable}={path} must hold a mapping of settings.")
    problems = [f"{key} is missing" for key in required if not content.get(key)]
    problems += [
        f"REHEARSAL_FAULTS: '{fault}' is none of {', '.join(FAULTS)}"
        for fault in content.get("REHEARSAL_FAULTS") or []
        if fault not in FAULTS
    ]
    if problems:
        raise ImproperlyConfigured(f"{variable}={path}: {'; '.join(problems)}.")
    return content


def databases(configured: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES with the options that several processes on a database need.

    Connections are kept between requests. On SQLite, readers and a writer do not block one
    another (WAL), and writers queue (immediate transactions, a busy timeout) instead of failing.
    """
    completed = {}
    for alias, options in configured.items():
        database = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, **options}
        if database.get("ENGINE") == "django.db.backends.sqlite3":
            database["OPTIONS"] = {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                **(options.get("OPTIONS") or {}),
            }
        elif database.get("ENGINE") == "django.db.backends.mysql":
            pymysql.install_as_MySQLdb()  # written in Python: app servers have no compiler
            database["OPTIONS"] = {"charset": "utf8mb4", **(options.get("OPTIONS") or {})}
        completed[alias] = database
    return completed
