"""The record of lent machines in the database, which all machines of the manager share."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from threading import BoundedSemaphore
from typing import Any, TypeVar
from uuid import uuid4

from django.db import connection

from ocim.ports.lent_machines import LentMachine
from ocim.store.models import PoolMachine

INTERRUPTED = "cleaning it was interrupted"
CONNECTIONS = 8
"""Connections at once of threads that have none of their own."""
_few = BoundedSemaphore(CONNECTIONS)
Result = TypeVar("Result")


def _connected(method: Callable[..., Result]) -> Callable[..., Result]:
    """Let any thread call the method: a thread without a connection has one for the call only."""

    @wraps(method)
    def call(*arguments: Any, **options: Any) -> Result:
        if connection.connection is not None:
            return method(*arguments, **options)
        with _few:
            try:
                return method(*arguments, **options)
            finally:
                connection.close()

    return call


class StoredMachines:
    """The record of lent machines; see `ocim.ports.lent_machines.LentMachines`."""

    @_connected
    def all(self) -> Sequence[LentMachine]:
        """Return every machine that serves a host or must not be used, by name."""
        used = PoolMachine.objects.exclude(host="", is_kept_out=False)
        return [_as_lent(row) for row in used.order_by("name")]

    @_connected
    def of_host(self, host: str) -> Sequence[LentMachine]:
        """Return the machines that serve a host."""
        return [_as_lent(row) for row in PoolMachine.objects.filter(host=host).order_by("name")]

    @_connected
    def take(self, name: str, host: str) -> bool:
        """Assign a machine to a host; return True if the host has it now."""
        PoolMachine.objects.get_or_create(name=name)
        free = PoolMachine.objects.filter(name=name, host="", is_kept_out=False)
        if free.update(host=host, description=None, is_stopped=False, cleaning="", reason=""):
            return True
        return PoolMachine.objects.filter(name=name, host=host, is_kept_out=False).exists()

    @_connected
    def describe(self, name: str, host: str, description: Mapping[str, Any]) -> bool:
        """Record the machine of a complete host; return False if the host has it no longer."""
        ours = PoolMachine.objects.filter(name=name, host=host, cleaning="")
        return bool(ours.update(description=dict(description)))

    @_connected
    def set_stopped(self, host: str, is_stopped: bool) -> None:
        """Record that the host's services were stopped, or may run again."""
        PoolMachine.objects.filter(host=host).update(is_stopped=is_stopped)

    @_connected
    def begin_cleaning(self, name: str, host: str) -> str:
        """Return a token for an attempt to clean a host's machine; empty if the host has it not."""
        token = uuid4().hex
        began = PoolMachine.objects.filter(name=name, host=host).update(
            cleaning=token, is_kept_out=True, reason=INTERRUPTED
        )
        return token if began else ""

    @_connected
    def end_cleaning(self, name: str, token: str, fault: str = "") -> bool:
        """Take the machine from its host, unless another attempt to clean it began later."""
        ended = PoolMachine.objects.filter(name=name, cleaning=token).update(
            host="", description=None, cleaning="", is_kept_out=bool(fault), reason=fault
        )
        return bool(ended)

    @_connected
    def release(self, name: str, host: str) -> None:
        """Take a machine from a host that has not used it yet."""
        PoolMachine.objects.filter(name=name, host=host, description__isnull=True).update(host="")

    @_connected
    def readmit(self, name: str) -> bool:
        """Let a machine be used again; return False if it was not kept out."""
        kept_out = PoolMachine.objects.filter(name=name, is_kept_out=True)
        return bool(kept_out.update(host="", description=None, cleaning="", is_kept_out=False))


def _as_lent(row: PoolMachine) -> LentMachine:
    kept_out = row.reason if row.is_kept_out else ""
    return LentMachine(row.name, row.host, row.description, row.is_stopped, kept_out)
