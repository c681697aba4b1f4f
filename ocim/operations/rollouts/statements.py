"""The running of SQL statements one after another in one session, transactions included."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from ocim.core import stopping
from ocim.core.errors import Cancelled, LostClaim, OcimError, PermanentError
from ocim.core.sql import begins_transaction, ends_transaction, rolls_back
from ocim.core.states import SqlState
from ocim.ports.databases import SqlSession


class Record(Protocol):
    """A record of a list of statements, by their positions."""

    def begin(self, position: int) -> bool:
        """Record that a statement is about to run. Return False if it must not run (again)."""

    def end(self, positions: Sequence[int], state: SqlState, **facts: object) -> None:
        """Record how statements ended, all at once."""

    def lose(self, positions: Sequence[int], left: Sequence[int], reason: str) -> None:
        """Record that a transaction is lost: the statements that ran in it, and those `left`."""


def run_statements(statements: Sequence[str], session: SqlSession, record: Record) -> None:
    """Run statements. One that fails stops no other, except the rest of its transaction.

    Statements of a transaction count as done when it is committed. If it is lost, its rest does not
    run: it would be committed statement by statement. Raise TransientError if the server does not
    answer; there is no record of the statements that are left, so that a later attempt runs them.
    """
    uncommitted: list[int] = []
    try:
        for position in range(len(statements)):
            stopping.check()
            with suppress(PermanentError):  # the statement is told it
                session.open()
            if record.begin(position):
                uncommitted = _run(position, statements, uncommitted, session, record)
    except Cancelled as error:
        record.lose(uncommitted, [], str(error))  # whoever ends the session rolls it back
        raise
    record.lose(uncommitted, [], "no COMMIT follows.")


def _run(
    position: int,
    statements: Sequence[str],
    uncommitted: Sequence[int],
    session: SqlSession,
    record: Record,
) -> list[int]:
    """Run a statement. Return the positions of those that wait for a commit."""
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
            return list(uncommitted)
        reason = f"statement {position + 1} failed, and its transaction with it."
        record.lose(uncommitted, rest_of_transaction(statements, position + 1), reason)
        return []
    facts = {"rows": rows, "seconds": time.monotonic() - started}
    if session.in_transaction:
        record.end([position], SqlState.OPEN, **facts)
        return [*uncommitted, position]
    record.end(uncommitted, SqlState.ROLLED_BACK if rolls_back(statement) else SqlState.DONE)
    record.end([position], SqlState.DONE, **facts)
    return []


def rest_of_transaction(statements: Sequence[str], position: int) -> range:
    """Return the positions, from this one on, up to the statement that ends the transaction."""
    for number in range(position, len(statements)):
        if ends_transaction(statements[number]):
            return range(position, number + 1)
    return range(position, len(statements))
