"""Sessions of people: listed and ended; attempts to sign in, forgotten after a time."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.operations import audit
from ocim.operations.context import Context
from ocim.store import sign_ins
from ocim.store.models import Session


def sessions_of(user: User, now: datetime) -> QuerySet[Session]:
    """Return the sessions that have not expired, the one with the latest request first."""
    return Session.objects.filter(user=user, expire_date__gt=now).order_by("-seen_at")


def end(*, user: User, public_id: str) -> None:
    """End one of the person's sessions. Raise Conflict if there is no such session."""
    for session in Session.objects.filter(user=user):
        if session.public_id == public_id:
            with transaction.atomic():
                session.delete()
                audit.record(AuditAction.USER_SIGN_OUT, user)
            return
    raise Conflict("This session has ended already.")


def end_all(*, user: User, but: str | None = None) -> int:
    """End a person's sessions but for the one with this key; return their number."""
    with transaction.atomic():
        deleted, _ = Session.objects.filter(user=user).exclude(pk=but or "").delete()
        if deleted:
            audit.record(AuditAction.USER_SIGN_OUT, user, after={"sessions": deleted})
    return deleted


def forget_attempts(*, context: Context) -> None:
    """Delete attempts to sign in that are kept no longer."""
    sign_ins.forget(context.now() - timedelta(days=context.policy.sign_in_days))
