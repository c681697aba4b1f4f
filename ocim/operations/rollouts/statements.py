"""Statements one after another in one session: which of them count, whatever happens between."""

import time
from collections.abc import Sequence
from typing import Protocol

from ocim.core import stopping
from ocim.core.errors import Cancelled, LostClaim, OcimError
from ocim.core.sql import begins_transaction, ends_transaction, rolls_back
from ocim.core.states import SqlState
from ocim.ports import SqlSession


class Record(Protocol):
    """What is kept of a list of statements, by their positions."""

    def begin(self, position: int) -> bool:
        """Note that it is about to run; False where it is not to run (any more)."""

    def end(self, positions: Sequence[int], state: SqlState, **facts: object) -> None:
        """Note how they ended, all at once."""

    def lose(self, positions: Sequence[int], left: Sequence[int], reason: str) -> None:
        """Note, all at once, that a transaction is gone: what ran in it, and what is left of it."""


def run_statements(statements: Sequence[str], session: SqlSession, record: Record) -> None:
    """Run them; one that fails does not stop the next, but for the rest of its transaction.

    In a transaction that a statement begins, none is done before it is committed. Where it is lost,
    its rest is not run: half of it would be committed, statement by statement.
    """
    open_ones: list[int] = []
    try:
        for position in range(len(statements)):
            stopping.check()
            if record.begin(position):
                open_ones = _run(position, statements, open_ones, session, record)
    except Cancelled as error:
        record.lose(open_ones, [], str(error))  # whoever ends the session rolls it back
        raise
    record.lose(open_ones, [], "no COMMIT follows.")


def _run(
    position: int,
    statements: Sequence[str],
    open_ones: Sequence[int],
    session: SqlSession,
    record: Record,
) -> list[int]:
    """Run one; return the positions of those that are done when it is committed."""
    statement = statements[position]
    was_open, started = session.in_transaction, time.monotonic()
    try:
        rows = session.execute(statement)
    except LostClaim:
        raise
    except OcimError as error:
        took = time.monotonic() - started
        record.end([position], SqlState.FAILED, error=str(error), seconds=took)
        if isinstance(error, Cancelled):
            raise
        if session.in_transaction or not (was_open or begins_transaction(statement)):
            return list(open_ones)
        reason = f"statement {position + 1} failed, and its transaction with it."
        record.lose(open_ones, rest_of_transaction(statements, position + 1), reason)
        return []
    facts = {"rows": rows, "seconds": time.monotonic() - started}
    if session.in_transaction:
        record.end([position], SqlState.OPEN, **facts)
        return [*open_ones, position]
    record.end(open_ones, SqlState.ROLLED_BACK if rolls_back(statement) else SqlState.DONE)
    record.end([position], SqlState.DONE, **facts)
    return []


def rest_of_transaction(statements: Sequence[str], position: int) -> range:
    """Return the positions, from this one on, up to the statement that ends the transaction."""
    for number in range(position, len(statements)):
        if ends_transaction(statements[number]):
            return range(position, number + 1)
    return range(position, len(statements))
