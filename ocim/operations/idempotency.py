"""Idempotency keys: a request that is sent twice with one key is carried out once."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from ocim.core.errors import Conflict, ValidationError
from ocim.store.models import KeptAnswer

LIFETIME = timedelta(hours=24)
"""Time for which an answer is kept."""
LONGEST = KeptAnswer._meta.get_field("key").max_length or 0
WHAT = "Idempotency-Key"


def begin(*, user_id: int, key: str, request_hash: str, now: datetime) -> KeptAnswer:
    """Return the kept answer to a request, or a new one without a status, to be carried out.

    Raise ValidationError if the key cannot be one, or belongs to another request; and Conflict if
    the same request is being carried out.
    """
    if not key or len(key) > LONGEST or not key.isprintable() or not key.isascii():
        raise ValidationError([f"{WHAT} must have 1 to {LONGEST} printable ASCII characters."])
    KeptAnswer.objects.filter(created_at__lt=now - LIFETIME).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(
                user_id=user_id, key=key, request_hash=request_hash, created_at=now
            )
    except IntegrityError:
        kept = KeptAnswer.objects.filter(user=user_id, key=key).first()
    if kept and kept.request_hash != request_hash:
        raise ValidationError(
            [f"{WHAT} {key!r} was used for another request."], remedy="Make a new key."
        )
    if kept is None or kept.status is None:
        raise Conflict(
            f"The request with {WHAT} {key!r} is being carried out.",
            remedy="Send it again in some seconds. If that does not end, the process died"
            " meanwhile: look at the result before you send it with another key.",
        )
    return kept


def finish(answer: KeptAnswer, *, status: int, headers: dict[str, str], content: Any) -> None:
    """Keep the answer to a request that was carried out."""
    KeptAnswer.objects.filter(pk=answer.pk).update(status=status, headers=headers, content=content)


def forget(answer: KeptAnswer) -> None:
    """Forget a request that failed for a reason that may pass: it may be tried again."""
    KeptAnswer.objects.filter(pk=answer.pk).delete()
