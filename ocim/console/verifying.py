"""`ocim services verify`: lines as they come, and what they amount to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections, connection

from ocim.console.command import Error
from ocim.console.output import Output
from ocim.core.errors import Conflict
from ocim.core.verification import Line, Outcome
from ocim.operations.context import Context
from ocim.operations.shop.verify import verify
from ocim.store.claims import claim_lease, release_lease, renew_leases
from ocim.store.models import Lease, OpenEdXInstance
from ocim.wiring import context

STYLES = {Outcome.OK: "green", Outcome.FAILED: "red", Outcome.SKIPPED: "yellow"}
PAUSE = 0.5
"""Seconds between two looks whether an instance is free."""


def run(instance: OpenEdXInstance, *, purchase: bool, out: Output) -> None:
    """Verify the app server that serves the instance; Error (status 1) where a line failed.

    Conflict where none serves it, or something else is at work on the instance.
    """
    appserver = instance.appserver_set.filter(is_active=True).order_by("-id").first()
    if appserver is None:
        raise Conflict(
            f"No app server serves {instance}.",
            remedy=f"`ocim appserver spawn {instance.internal_lms_domain} --activate` makes one.",
        )
    with _held(instance, context()):
        report = verify(
            appserver, context(), purchase=purchase, on_line=lambda line: _tell(line, out)
        )
    if out.as_json:
        out.data({"ok": report.ok, "lines": [line.as_dict() for line in report.lines]})
    if not report.ok:
        raise Error(f"{len(report.failures)} of {len(report.lines)} failed.")


def _tell(line: Line, out: Output) -> None:
    status = f" {line.status}" if line.status is not None else ""
    out.say(f"{line.outcome.value:<8}{line.name}: {line.compared}", style=STYLES[line.outcome])
    if line.url:
        out.say(f"        {line.url}{status}", style="dim")
    if line.remedy:
        out.say(f"        → {line.remedy}")


@contextmanager
def _held(instance: OpenEdXInstance, context: Context) -> Iterator[None]:
    """Nobody else works on the instance meanwhile; its jobs wait, and are then taken up."""
    lease = _claimed(instance, context)
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=[context, ended], daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        release_lease(lease)


def _claimed(instance: OpenEdXInstance, context: Context) -> Lease:
    """Whoever was killed over it has it no longer than a lease lasts."""
    seconds = context.policy.lease
    deadline = time.monotonic() + seconds + PAUSE
    while True:
        now = context.now()
        if lease := claim_lease(instance.pk, worker=context.worker, now=now, seconds=seconds):
            return lease
        if time.monotonic() > deadline:
            raise Conflict(
                f"Something else is at work on {instance}.",
                remedy=f"`ocim instance show {instance.internal_lms_domain}` says what.",
            )
        context.pause(PAUSE)


def _keep(context: Context, ended: threading.Event) -> None:
    while not ended.wait(context.policy.lease / 3):
        close_old_connections()
        renew_leases(worker=context.worker, now=context.now(), seconds=context.policy.lease)
    connection.close()
