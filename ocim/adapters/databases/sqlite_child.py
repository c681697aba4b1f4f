"""The process that runs a session's SQL statements on one SQLite file.

It reads one statement a line, as JSON, and answers each with a line. A separate process can be
killed whatever its statement does, and its memory can be limited.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

MEMORY = 2 << 30
"""Memory limit of a session, in bytes."""
LOOK = 10_000
"""Number of SQLite instructions between two checks of the clock: about a millisecond."""
DIE_WITH_PARENT = 1
ANOTHER_FILE = 66
FORBIDDEN = {
    sqlite3.SQLITE_DETACH: None,
    sqlite3.SQLITE_PRAGMA: {"temp_store_directory", "data_store_directory"},
    sqlite3.SQLITE_FUNCTION: {"load_extension", "fts3_tokenizer"},
}
"""Actions that reach beyond the database or into this process; None forbids every use."""


def main(path: str, identity: tuple[int, int], seconds: float, lock_seconds: float) -> None:
    """Run the statements from standard input to its end, then roll back what is not committed."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    deadline = 0.0
    with contextlib.closing(_connected(path, identity, lock_seconds)) as connection:
        connection.set_authorizer(_only_this_database)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, LOOK)
        for line in sys.stdin:
            deadline = time.monotonic() + seconds
            answer = _run(connection, json.loads(line))
            answer["late"] = "error" in answer and time.monotonic() > deadline
            deadline = float("inf")
            answer["in_transaction"] = connection.in_transaction
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _connected(path: str, identity: tuple[int, int], lock_seconds: float) -> sqlite3.Connection:
    """Open the file itself: the instance's programs could have replaced it by a link.

    Check that SQLite has opened that file before anything is read or written.
    """
    uri = f"{Path(path).as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, lock_seconds, isolation_level=None, uri=True)
    opened = [file.stat() for file in Path("/proc/self/fd").iterdir() if file.exists()]
    if identity not in [(status.st_dev, status.st_ino) for status in opened]:
        raise SystemExit(ANOTHER_FILE)
    return connection


def _run(connection: sqlite3.Connection, statement: str) -> dict[str, Any]:
    try:
        with contextlib.closing(connection.execute(statement)) as cursor:
            for _ in cursor:
                pass  # fetch every row, so that a query runs to its end
            return {"rows": max(0, cursor.rowcount)}
    except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
        return {"error": str(error) or type(error).__name__}


def _only_this_database(action: int, first: str | None, second: str | None, *_: object) -> int:
    # On a database server the account would prevent this; here the user may open any of its files.
    if action == sqlite3.SQLITE_ATTACH:
        # VACUUM attaches a temporary database, which has no name.
        return sqlite3.SQLITE_OK if first == "" else sqlite3.SQLITE_DENY
    if action not in FORBIDDEN:
        return sqlite3.SQLITE_OK
    named = FORBIDDEN[action]
    name = (second if action == sqlite3.SQLITE_FUNCTION else first) or ""
    return sqlite3.SQLITE_DENY if named is None or name.lower() in named else sqlite3.SQLITE_OK


if __name__ == "__main__":
    os.umask(0o077)
    device, number, seconds, lock_seconds = sys.argv[2:]
    main(sys.argv[1], (int(device), int(number)), float(seconds), float(lock_seconds))
