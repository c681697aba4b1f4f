"""API tokens: created, checked, revoked. Only their hashes are stored."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from ocim.core.access import FLEET, Access, Role
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, OcimError, ValidationError
from ocim.core.secrets import Secret
from ocim.operations import audit
from ocim.operations.access import access_of
from ocim.operations.context import Context
from ocim.operations.instance_settings import faults_of
from ocim.store.models import ApiToken

PREFIX = "ocim_"
"""Beginning of every token, by which people and programs recognise one."""
DAYS = 90
"""Usual number of days until a token expires."""
MOST_DAYS = 366
PRECISION = timedelta(minutes=1)
"""Precision of the time of the last use; a row is not written more often."""


class InvalidToken(OcimError):
    """Rejection of a token that is unknown, has expired, or belongs to a disabled account."""


@transaction.atomic
def create(
    *,
    owner: User,
    name: str,
    role: Role,
    organization: str = FLEET,
    days: int = DAYS,
    context: Context,
) -> tuple[ApiToken, Secret]:
    """Create a token, and return it with its text, which nobody can learn again.

    Raise ValidationError with every fault, also if the owner does not have the role.
    """
    text = PREFIX + secrets.token_urlsafe(32)
    now = context.now()
    token = ApiToken(
        owner=owner,
        name=name,
        role=role,
        organization=organization,
        hash=_hash(text),
        created=now,
        expires_at=now + timedelta(days=min(max(days, 1), MOST_DAYS)),
    )
    faults = faults_of(token.clean_fields)
    if not 1 <= days <= MOST_DAYS:
        faults.append(f"days: {days} is not between 1 and {MOST_DAYS}.")
    if role not in {grant.role for grant in access_of(owner).limited(token.grant).grants}:
        faults.append(f"role: {owner} is not {token.grant}, so no token of theirs can be.")
    if ApiToken.objects.filter(owner=owner, name=name).exists():
        faults.append(f"name: {owner} has a token {name!r} already. Choose another name.")
    if faults:
        raise ValidationError(faults)
    token.save(force_insert=True)
    after = {"owner": str(owner), "role": str(token.grant), "expires_at": token.expires_at}
    audit.record(AuditAction.TOKEN_CREATE, token, after=after, organization=organization)
    return token, Secret(text)


def check(text: str, *, context: Context) -> tuple[User, Access]:
    """Return the owner of a token, and the rights that it gives now.

    They are those of the owner, limited by the token. Two queries, and a third at most once a
    minute. Raise InvalidToken if the token gives none.
    """
    token = ApiToken.objects.select_related("owner").filter(hash=_hash(text)).first()
    now = context.now()
    if token is None or not token.owner.is_active:
        raise InvalidToken(
            "The token is unknown or revoked.", remedy="Create one with `ocim token create`."
        )
    if token.expires_at <= now:
        raise InvalidToken(
            f"The token {token} expired on {token.expires_at:%Y-%m-%d at %H:%M} UTC.",
            remedy="Create another one with `ocim token create`.",
        )
    if token.last_used_at is None or token.last_used_at <= now - PRECISION:
        _note_use(token, context)
    return token.owner, access_of(token.owner).limited(token.grant)


def revoke(*, owner: User, name: str) -> None:
    """Delete a token; its next use is rejected. Raise Conflict if there is none of this name."""
    with transaction.atomic():
        token = ApiToken.objects.filter(owner=owner, name=name).first()
        if token is None:
            raise Conflict(
                f"{owner} has no token {name!r}.", remedy="`ocim token list` lists all tokens."
            )
        before, where = {"owner": str(owner), "role": str(token.grant)}, token.organization
        audit.record(AuditAction.TOKEN_REVOKE, token, before=before, organization=where)
        token.delete()


def _note_use(token: ApiToken, context: Context) -> None:
    now = context.now()
    unused = Q(last_used_at=None) | Q(last_used_at__lte=now - PRECISION)
    ApiToken.objects.filter(unused, pk=token.pk).update(last_used_at=now)


def _hash(text: str) -> str:
    """Return the hash. It needs no salt: the token has 256 random bits."""
    return sha256(text.encode()).hexdigest()
