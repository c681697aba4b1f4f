"""JSON Web Tokens about users, which the platform issues for its services."""

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from jwcrypto.jwk import JWK

from rehearsal.common import jwt

# The scopes that a claim belongs to; ecommerce and discovery ask for all three.
SCOPE_OF_CLAIM = {
    "email": "email",
    "name": "profile",
    "given_name": "profile",
    "family_name": "profile",
    "administrator": "profile",
    "superuser": "profile",
    "locale": "profile",
    "user_id": "user_id",
}


def user_claims(user: User) -> dict[str, Any]:
    """Return the claims about `user`. The name is null if the user has no profile."""
    profile = getattr(user, "profile", None)
    return {
        "preferred_username": user.username,
        "email": user.email,
        "name": profile.name if profile else None,
        "given_name": user.first_name,
        "family_name": user.last_name,
        "administrator": user.is_staff,
        "superuser": user.is_superuser,
        "locale": "en",
        "user_id": user.pk,
    }


def issue(user: User, *, scopes: Iterable[str], grant_type: str, expires_in: int) -> str:
    """Return a signed token about `user`, valid for `expires_in` seconds.

    Raise ImproperlyConfigured if JWT_AUTH holds no private signing key.
    """
    granted = list(scopes)
    now = int(time.time())
    claims = {
        "iss": settings.JWT_AUTH["JWT_ISSUER"],
        "aud": settings.JWT_AUTH["JWT_AUDIENCE"],
        "iat": now,
        "exp": now + expires_in,
        "sub": str(user.pk),
        "version": "1.2.0",
        "grant_type": grant_type,
        "scopes": granted,
        "filters": ["user:me"],
        "is_restricted": False,
        "email_verified": user.is_active,
    }
    claims |= {
        claim: value
        for claim, value in user_claims(user).items()
        if SCOPE_OF_CLAIM.get(claim) in {None, *granted}
    }
    key = private_key(settings.JWT_AUTH["JWT_PRIVATE_SIGNING_JWK"])
    return jwt.sign(claims, key=key, algorithm=settings.JWT_AUTH["JWT_SIGNING_ALGORITHM"])


def verify(token: str) -> dict[str, Any]:
    """Return the claims of a token that this platform signed for itself and that has not expired.

    Raise jwt.InvalidToken otherwise; always if JWT_AUTH holds no public keys.
    """
    own = jwt.Issuer(settings.JWT_AUTH["JWT_ISSUER"], settings.JWT_AUTH["JWT_AUDIENCE"])
    return jwt.verify(token, issuers=[own], jwk_set=settings.JWT_AUTH["JWT_PUBLIC_SIGNING_JWK_SET"])


@lru_cache(maxsize=4)
def private_key(text: str) -> JWK:
    if not text:
        raise ImproperlyConfigured("JWT_AUTH needs a JWT_PRIVATE_SIGNING_JWK to sign tokens with.")
    return JWK.from_json(text)
