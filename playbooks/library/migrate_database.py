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

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

NOTHING = "No migrations to apply"
ARGUMENTS = {
    "command": {"type": "str", "required": True},
    "database": {"type": "str"},
    "begin_with": {"type": "path"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS)
    command, database, beginning = (module.params[name] for name in ARGUMENTS)
    if database and beginning and begin(Path(database), Path(beginning)):
        module.exit_json(changed=True, begun_with=beginning)
    status, stdout, stderr = module.run_command(["sh", "-c", command])
    said: dict[str, Any] = {"rc": status, "stdout": stdout, "stderr": stderr}
    if status:
        module.fail_json(msg="non-zero return code", **said)
    module.exit_json(changed=NOTHING not in stdout, **said)


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
