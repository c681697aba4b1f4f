#!/usr/bin/python
"""Migrates a service's database by a command of the service, from a copy that is migrated already.

    - migrate_database:
        command: . edxapp_env; exec python.edxapp manage.edxapp lms migrate --noinput
        database: /srv/databases/campus/edxapp.sqlite3
        begin_with: /edx/app/edxapp/empty.sqlite3

A `database` that is a SQLite file with nothing in it becomes a copy of `begin_with`, if that is
there: it was migrated by the same code, so there is nothing left to migrate. In all other cases the
command, for sh, is run; changed unless Django says that there was nothing to do.
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
    """Copy what there is to begin with into a database with nothing in it; whether it was more."""
    if not beginning.exists():
        return False
    with closing(sqlite3.connect(database)) as new:
        if holds_something(new):
            return False
        # Its directory may be somebody else's: nothing is to be written beside it.
        source = f"file:{quote(str(beginning))}?immutable=1"
        with closing(sqlite3.connect(source, uri=True)) as old:
            old.backup(new)  # in one transaction
        return holds_something(new)


def holds_something(database: sqlite3.Connection) -> bool:
    return database.execute("select 1 from sqlite_master").fetchone() is not None


if __name__ == "__main__":
    main()
