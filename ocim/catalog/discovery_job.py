"""Discovery's hourly job: it reads courses from the LMS, and indexes them.

Several app servers of an instance have the job, in the same minute. `remove_unused_indexes` removes
every index without an alias, also the one that another `update_index` is filling, and the search
fails then. So all that updates indexes takes a lock in discovery's database, which ends with the
connection of whoever holds it.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ocim.core.instance import Database
from ocim.core.secrets import Secret

REFRESH = "refresh_course_metadata"
"""Management command that reads courses from the LMS, and writes only to the database."""
UPDATE = "update_index"
REMOVE = "remove_unused_indexes"
WAIT = 3000
"""Longest time in seconds that the hourly job waits for the lock: less than an hour."""
SHORT_WAIT = 300
"""Longest time in seconds that commands wait for it which Ocim runs itself."""
SUFFIX = ".indexes"
"""End of the name of the file that is the lock beside a SQLite database."""


def command(manage: str, database: Database, *, partner: str = "") -> str:
    """Return the job as a command for sh, in discovery's environment.

    `manage` is discovery's `manage.py`, without blanks; `partner` is the code of the only partner
    whose courses are read. Exit with the status of `update_index`, or 1, if the refresh is well.
    """
    # The refresh writes only to the database, so the search index has to be updated, too: without
    # `--disable-change-limit`, as the limit is the only guard against an emptied index. Each update
    # leaves the indexes before it; they are removed first, so that the job ends as the update does.
    refresh = f"{manage} {REFRESH}{f' --partner_code={partner}' if partner else ''}"
    update = f"{manage} {REMOVE}; {manage} {UPDATE}"
    if database.kind == "sqlite":
        lock = shlex.quote(database.name + SUFFIX)
        return f"{refresh} && flock -w {WAIT} {lock} sh -c {shlex.quote(update)}"
    # One line, since `shell` is an interactive interpreter before Django 1.11.
    program = "; ".join(
        [
            "import os, sys",
            "from django.db import connection",
            "cursor = connection.cursor()",
            *(f'cursor.execute("{statement}")' for statement in _statements(WAIT)[database.kind]),
            f'sys.exit(os.system("{update}") != 0 if cursor.fetchone()[0] else "{_BUSY}")',
        ]
    )
    return f"{refresh} && echo {shlex.quote(program)} | {manage} shell"


def arguments(words: Sequence[str | Secret]) -> dict[str, Any]:
    """Return the arguments of the program `commands.run` for a command of discovery."""
    if words[0] != UPDATE:
        return {"argv": list(words)}
    lock = {"statements": _statements(SHORT_WAIT), "suffix": SUFFIX, "busy": _BUSY}
    return {"argv": list(words), "lock": lock}


_BUSY = "another job still updates the indexes of discovery: try again later"


def _statements(wait: int) -> Mapping[str, Sequence[str]]:
    """Return the statements that take the lock, by kind of database; the last one returns 1 then.

    Names of MySQL's locks are those of the whole server.
    """
    return {
        # Servers may end idle connections early, and the lock with them.
        "mysql": ("SET SESSION wait_timeout = 86400", f"SELECT GET_LOCK(MD5(DATABASE()), {wait})"),
        "postgresql": (f"SET lock_timeout = {wait * 1000}", "SELECT 1 FROM pg_advisory_lock(43)"),
    }
