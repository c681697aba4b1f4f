"""The file in which everything is kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS cluster (uuid TEXT NOT NULL);
INSERT INTO cluster SELECT hex(randomblob(11)) WHERE NOT EXISTS (SELECT * FROM cluster);
CREATE TABLE IF NOT EXISTS roles (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS indexes (
    name TEXT PRIMARY KEY, uuid TEXT NOT NULL, created INTEGER NOT NULL,
    settings TEXT NOT NULL, mappings TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS aliases (
    name TEXT NOT NULL,
    index_name TEXT NOT NULL REFERENCES indexes ON DELETE CASCADE,
    PRIMARY KEY (name, index_name)
);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY,
    index_name TEXT NOT NULL REFERENCES indexes ON DELETE CASCADE,
    id TEXT NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL,
    UNIQUE (index_name, id)
);
-- What is compared as a whole: keywords, numbers, dates (milliseconds), true (1) and false (0).
CREATE TABLE IF NOT EXISTS field_values (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    field TEXT NOT NULL, value NOT NULL
);
CREATE INDEX IF NOT EXISTS field_values_by_value ON field_values (field, value, document);
CREATE INDEX IF NOT EXISTS field_values_by_document ON field_values (document, field);
-- What is searched word by word: the text itself stands in `words` under the same number.
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    field TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS passages_by_document ON passages (document, field);
CREATE VIRTUAL TABLE IF NOT EXISTS words
    USING fts5 (text, tokenize = 'unicode61 remove_diacritics 0');
CREATE TRIGGER IF NOT EXISTS passages_deleted AFTER DELETE ON passages
    BEGIN DELETE FROM words WHERE rowid = OLD.number; END;
"""


@contextmanager
def connect(path: Path, *, writes: bool) -> Iterator[sqlite3.Connection]:
    """Yield a connection for a request, in a transaction that is saved as a whole or not at all.

    A request that writes waits for other writers before it reads: what it read stays true.
    """
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()


def prepare(path: Path) -> None:
    """Create the file and its tables if they are missing, readable for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
    finally:
        connection.close()
