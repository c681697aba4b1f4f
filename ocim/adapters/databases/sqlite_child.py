"""The process in which a session's SQL is run: started with a file, ended by whoever started it.

It reads a statement a line, as JSON, and answers each with a line. A process of its own can be
killed whatever the statement does; its memory is limited, and the manager's is not at stake.
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
"""Bytes that a session may have."""
LOOK = 10_000
"""Instructions of SQLite's own between two looks at the clock: a millisecond or so."""
DIE_WITH_PARENT = 1
ANOTHER_FILE = 66
FORBIDDEN = {
    sqlite3.SQLITE_DETACH: None,
    sqlite3.SQLITE_PRAGMA: {"temp_store_directory", "data_store_directory"},
    sqlite3.SQLITE_FUNCTION: {"load_extension", "fts3_tokenizer"},
}
"""What reaches beyond the database, or into this process: all of it, or what is named."""


def main(path: str, identity: tuple[int, int], seconds: float, lock_seconds: float) -> None:
    """Run what comes until the input ends; what is not committed then is rolled back."""
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
    """Open the file itself: the instance's programs could have put a link in its place.

    Nothing is read or written before it is certain that SQLite has opened that file.
    """
    place = f"{Path(path).as_uri()}?mode=rw"
    connection = sqlite3.connect(place, lock_seconds, isolation_level=None, uri=True)
    opened = [one.stat() for one in Path("/proc/self/fd").iterdir() if one.exists()]
    if identity not in [(one.st_dev, one.st_ino) for one in opened]:
        raise SystemExit(ANOTHER_FILE)
    return connection


def _run(connection: sqlite3.Connection, statement: str) -> dict[str, Any]:
    try:
        with contextlib.closing(connection.execute(statement)) as cursor:
            for _ in cursor:
                pass  # a query is run to its end too
            return {"rows": max(0, cursor.rowcount)}
    except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
        return {"error": str(error) or type(error).__name__}


def _only_this_database(action: int, first: str | None, second: str | None, *_: object) -> int:
    # The owner of the file could open any other one: that is what an account is for elsewhere.
    if action == sqlite3.SQLITE_ATTACH:
        # A database without a name is a temporary one; VACUUM needs it.
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
