#!/usr/bin/python
"""Migrate a service's database by the service's own command, or copy a migrated database.

    - migrate_database:
        command: . edxapp_env; exec python manage.py lms migrate --noinput
        database: /srv/databases/campus/edxapp.sqlite3
        begin_with: /edx/app/edxapp/empty.sqlite3

If `database` is an empty SQLite file and `begin_with` exists, the one becomes a copy of the other:
the same code migrated it, so nothing is left to do. In all other cases sh runs the command, and
the task is changed unless Django reports that there was nothing to migrate.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

NOTHING = "No migrations to apply"


def main() -> None:
    wanted = json.loads(r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>""")
    sys.stdout.write(json.dumps(result_of(wanted)))


def result_of(wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted["_ansible_check_mode"]:
        return {"changed": False, "skipped": True}
    database, beginning = wanted.get("database"), wanted.get("begin_with")
    if database and beginning and begin(Path(database), Path(beginning)):
        return {"changed": True, "begun_with": beginning}
    ran = subprocess.run(
        ["sh", "-c", wanted["command"]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = {"rc": ran.returncode, "stdout": ran.stdout, "stderr": ran.stderr}
    if ran.returncode:
        return {"failed": True, "msg": "non-zero return code", **said}
    return {"changed": NOTHING not in ran.stdout, **said}


def begin(database: Path, beginning: Path) -> bool:
    """Copy the database `beginning` into an empty database. Return True if it has tables now."""
    if not beginning.exists():
        return False
    with closing(sqlite3.connect(database)) as new:
        if holds_something(new):
            return False
        # Its directory may belong to another user: write nothing beside it.
        source = f"file:{quote(str(beginning))}?immutable=1"
        with closing(sqlite3.connect(source, uri=True)) as old:
            old.backup(new)  # in one transaction
        return holds_something(new)


def holds_something(database: sqlite3.Connection) -> bool:
    return database.execute("select 1 from sqlite_master").fetchone() is not None


if __name__ == "__main__":
    main()
