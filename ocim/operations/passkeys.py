"""Passkeys (WebAuthn): keys of a person's devices, with which they sign in without a password."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, ValidationError
from ocim.operations import audit
from ocim.operations.context import Context
from ocim.operations.instance_settings import faults_of
from ocim.store.models import ExternalIdentity, Passkey

MOST = 20
"""Maximum number of passkeys of an account."""
LONGEST = 20_000
"""Maximum number of characters of a browser's answer."""
State = Mapping[str, Any]
"""Part of the session that waits for the browser's answer: the challenge."""


@dataclass(frozen=True, slots=True)
class Site:
    """The pages' address, as the browser sees it; passkeys of other sites do not fit."""

    host: str
    """Host name without port."""
    origin: str
    """Scheme, host name and port."""


class InvalidPasskey(Conflict):
    """Rejection of an answer that no passkey of the account gave to this question."""


def begin_registration(*, user: User, site: Site) -> tuple[dict[str, Any], State]:
    """Return the question for a new passkey, and what to keep for the answer.

    Raise Conflict for an account of single sign-on, whose provider a passkey would bypass.
    """
    if ExternalIdentity.objects.filter(user=user).exists():
        raise Conflict("Your account signs in by single sign-on, and needs no passkey.")
    known = [AttestedCredentialData(websafe_decode(row.key)) for row in user.passkeys.all()]
    if len(known) >= MOST:
        raise Conflict(f"An account has at most {MOST} passkeys.", remedy="Remove one before.")
    options, state = _server(site).register_begin(
        PublicKeyCredentialUserEntity(
            id=str(user.pk).encode(), name=str(user), display_name=str(user)
        ),
        known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), state


@transaction.atomic
def finish_registration(
    *, user: User, site: Site, state: State, answer: str, name: str, context: Context
) -> Passkey:
    """Store the passkey of the answer. Raise InvalidPasskey, or ValidationError for its name."""
    try:
        made = _server(site).register_complete(state, _read(answer))
    except _MALFORMED as error:
        raise InvalidPasskey("The browser's answer is not acceptable.", remedy=_AGAIN) from error
    data = made.credential_data
    assert data is not None  # noqa: S101 - the library looked
    row = Passkey(
        user=user,
        name=name,
        credential_id=websafe_encode(data.credential_id),
        key=websafe_encode(bytes(data)),
        count=made.counter,
        created=context.now(),
    )
    if faults := faults_of(row.full_clean):
        raise ValidationError(faults)
    row.save(force_insert=True)
    audit.record(AuditAction.USER_ADD_PASSKEY, user, after={"passkey_name": name})
    return row


def begin_sign_in(*, site: Site) -> tuple[dict[str, Any], State]:
    """Return the question that any passkey of the site answers, and what to keep for the answer."""
    options, state = _server(site).authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options), state


@transaction.atomic
def finish_sign_in(*, site: Site, state: State, answer: str, context: Context) -> User:
    """Return whose passkey answered.

    The device asked for a finger or a PIN, so no second factor is needed. Raise InvalidPasskey if
    the answer is wrong, the account is disabled or of single sign-on, or the device's counter went
    back, as that of a copy does.
    """
    try:
        response = AuthenticationResponse.from_dict(_read(answer))
        row = Passkey.objects.select_related("user").get(
            credential_id=websafe_encode(response.raw_id)
        )
        known = AttestedCredentialData(websafe_decode(row.key))
        _server(site).authenticate_complete(state, [known], response)
    except (*_MALFORMED, Passkey.DoesNotExist) as error:
        raise InvalidPasskey("No account has this passkey.", remedy=_AGAIN) from error
    count = response.response.authenticator_data.counter
    if row.count and count <= row.count:
        raise InvalidPasskey("This passkey was copied.", remedy="Remove it, and add another one.")
    if not row.user.is_active or ExternalIdentity.objects.filter(user=row.user).exists():
        raise InvalidPasskey(f"The account {row.user} may not sign in with a passkey.")
    row.count, row.used_at = count, context.now()
    row.save(update_fields=["count", "used_at"])
    return row.user


@transaction.atomic
def remove(*, user: User, passkey: Passkey) -> None:
    """Remove a passkey; its next use is rejected."""
    audit.record(AuditAction.USER_REMOVE_PASSKEY, user, before={"passkey_name": passkey.name})
    passkey.delete()


_MALFORMED = (
    *(ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError),
    *(NotImplementedError, RecursionError, struct.error),
)
"""Errors of the library about answers that no browser sends."""
_AGAIN = "Try again, or sign in with your password."


def _server(site: Site) -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(name="Ocim", id=site.host),
        verify_origin=lambda origin: origin == site.origin,
    )


def _read(answer: str) -> dict[str, Any]:
    """Return the browser's answer. Raise ValueError if it is none."""
    content = json.loads(answer) if len(answer) <= LONGEST else None
    if not isinstance(content, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - of JSON
    return content
