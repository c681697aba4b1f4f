"""Attempts to sign in, as django-axes stores them."""

from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice

from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth.models import User

PAGE_SIZE = 50
"""Number of attempts on a page."""


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """An attempt to sign in, by a password, a code or single sign-on."""

    time: datetime
    name: str
    """Name of the account; empty if there is no such account."""
    address: str
    browser: str
    result: str


def attempts(*, name: str = "", before: datetime | None = None) -> tuple[SignInAttempt, ...]:
    """Return the newest attempts before a time, of all or of one account. Three queries.

    A name that no account has is left out: some people type their password there.
    """
    rows = [AccessLog.objects.all(), AccessFailureLog.objects.all()]
    if name:
        rows = [query.filter(username=name) for query in rows]
    if before:
        rows = [query.filter(attempt_time__lt=before) for query in rows]
    newest = [list(query.order_by("-attempt_time")[:PAGE_SIZE]) for query in rows]
    names = {row.username for part in newest for row in part}
    known = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    ordered = merge(*newest, key=lambda row: row.attempt_time, reverse=True)
    return tuple(
        SignInAttempt(
            time=row.attempt_time,
            name=row.username if row.username in known else "",
            address=row.ip_address or "",
            browser=row.user_agent,
            result=_result(row),
        )
        for row in islice(ordered, PAGE_SIZE)
    )


def forget(before: datetime) -> None:
    """Delete attempts before a time."""
    for log in (AccessLog, AccessFailureLog):
        log.objects.filter(attempt_time__lt=before).delete()


def _result(row: AccessLog | AccessFailureLog) -> str:
    if isinstance(row, AccessLog):
        return "signed in"
    return "locked" if row.locked_out else "wrong"
