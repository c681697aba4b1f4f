"""The second factor of an account: codes of an app (TOTP), and recovery codes for a lost one."""

import secrets
from base64 import b32encode
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction
from pyotp import TOTP, random_base32
from pyotp.exceptions import OTPVerificationError

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, ValidationError
from ocim.core.secrets import Secret
from ocim.operations import audit, sessions
from ocim.operations.context import Context
from ocim.store.models import RecoveryCode, SecondFactor

ISSUER = "Ocim"
"""Name that apps show beside the account's."""
CODES = 10
"""Number of recovery codes."""
LONGEST = 40
"""Maximum number of characters of a code that is looked at."""
WINDOW = 1
"""Steps of 30 seconds by which the app's clock may differ."""


def is_on(user: User) -> bool:
    """Return True if a sign-in with a password needs a code, too."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


@transaction.atomic
def begin(*, user: User) -> None:
    """Make a new secret for an app; it counts once a code of it is confirmed.

    Raise Conflict if the account has a second factor already.
    """
    if is_on(user):
        raise Conflict("Your account has a second factor already.", remedy="Remove it before.")
    SecondFactor.objects.filter(user=user).delete()
    SecondFactor.objects.create(user=user, secret=random_base32())
    audit.record(AuditAction.USER_BEGIN_SECOND_FACTOR, user)


def address(user: User) -> Secret | None:
    """Return the secret as the address that an app reads, while it is not confirmed."""
    row = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    if row is None:
        return None
    return Secret(TOTP(row.secret).provisioning_uri(name=str(user), issuer_name=ISSUER))


@transaction.atomic
def confirm(*, user: User, code: str, but: str | None, context: Context) -> list[Secret]:
    """Turn the second factor on, and return the recovery codes, which nobody can learn again.

    End all sessions but the one with this key, which were begun without a code. Raise
    ValidationError if the code is wrong, and Conflict if no secret waits for it.
    """
    row = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if row is None:
        raise Conflict("No second factor waits for a code.", remedy="Begin again.")
    if (step := _step(row, code, context)) is None:
        raise ValidationError(["code: it is wrong. Check the clock of the device."])
    row.confirmed_at, row.last_step = context.now(), step
    row.save()
    sessions.end_all(user=user, but=but)
    audit.record(AuditAction.USER_ADD_SECOND_FACTOR, user)
    return _new_codes(user)


@transaction.atomic
def renew_codes(*, user: User) -> list[Secret]:
    """Return new recovery codes, which nobody can learn again; the old ones work no more.

    Raise Conflict if the account has no second factor.
    """
    if not is_on(user):
        raise Conflict(f"{user} has no second factor.")
    audit.record(AuditAction.USER_RENEW_RECOVERY_CODES, user)
    return _new_codes(user)


@transaction.atomic
def check(*, user: User, code: str, context: Context) -> bool:
    """Return True if the code is right: one of the app, or a recovery code. Each works once."""
    code = code.strip()[:LONGEST]
    row = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    if row and (step := _step(row, code, context)) is not None:
        newer = SecondFactor.objects.filter(pk=row.pk, last_step__lt=step)
        return newer.update(last_step=step) == 1
    deleted, _ = RecoveryCode.objects.filter(user=user, hash=_hash(code)).delete()
    if row and deleted:
        left = RecoveryCode.objects.filter(user=user).count()
        audit.record(AuditAction.USER_USE_RECOVERY_CODE, user, after={"left": left})
    return bool(row and deleted)


@transaction.atomic
def remove(*, user: User) -> None:
    """Turn the second factor off. Raise Conflict if the account has none."""
    if not is_on(user):
        raise Conflict(f"{user} has no second factor.")
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    audit.record(AuditAction.USER_REMOVE_SECOND_FACTOR, user)


def _step(row: SecondFactor, code: str, context: Context) -> int | None:
    """Return the step of time whose code it is; None if it is wrong."""
    code = code.replace(" ", "")
    if not (code.isascii() and code.isdigit()):
        return None
    try:
        return TOTP(row.secret).verify_and_get_timecode(
            code, for_time=context.now(), valid_window=WINDOW
        )
    except OTPVerificationError:
        return None


def _new_codes(user: User) -> list[Secret]:
    codes = [_recovery_code() for _ in range(CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, hash=_hash(code)) for code in codes)
    return [Secret(code) for code in codes]


def _recovery_code() -> str:
    """Return 80 random bits, in a form that people can type."""
    text = b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def _hash(code: str) -> str:
    """Return the hash. It needs no salt: the code is random."""
    return sha256(code.lower().replace("-", "").replace(" ", "").encode()).hexdigest()
