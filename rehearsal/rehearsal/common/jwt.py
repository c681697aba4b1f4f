"""JSON Web Tokens of Open edX: the platform or a worker signs them, every service verifies them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jws import JWS
from jwcrypto.jwt import JWT

ASYMMETRIC = ("RS256", "RS384", "RS512")
SYMMETRIC = "HS256"


class InvalidToken(ValueError):
    """A token that is malformed, expired, for another audience, or not signed by its issuer."""


@dataclass(frozen=True)
class Issuer:
    """An issuer whose tokens a service accepts, for an audience.

    `secret` verifies symmetric tokens; if it is empty, they are refused.
    """

    name: str
    audience: str
    secret: str = ""


def issuers_of(jwt_auth: Mapping[str, Any]) -> list[Issuer]:
    """Return the issuers in a service's setting JWT_AUTH."""
    return [
        Issuer(entry["ISSUER"], entry["AUDIENCE"], entry.get("SECRET_KEY") or "")
        for entry in jwt_auth.get("JWT_ISSUERS") or []
    ]


def verify(token: str, *, issuers: Iterable[Issuer], jwk_set: str) -> dict[str, Any]:
    """Return the claims of a token that one of `issuers` signed and that has not expired.

    `jwk_set` is the JSON of the public keys; if it is empty, asymmetric tokens are refused.
    Raise InvalidToken for any other token.
    """
    error = InvalidToken("no issuer is configured")
    for issuer in issuers:
        try:
            return verified(token, issuer, jwk_set)
        except InvalidToken as refusal:
            error = refusal
    raise error


def verified(token: str, issuer: Issuer, jwk_set: str) -> dict[str, Any]:
    """Return the claims of an issuer's token. Its algorithm decides between secret and keys."""
    try:
        algorithm = JWS.from_jose_token(token).jose_header.get("alg")
        symmetric = algorithm == SYMMETRIC
        if symmetric and not issuer.secret:
            raise InvalidToken(f"{issuer.name} signs no {SYMMETRIC} tokens")
        token_verified = JWT(
            jwt=token,
            key=JWK.from_password(issuer.secret) if symmetric else public_keys(jwk_set),
            algs=[SYMMETRIC] if symmetric else list(ASYMMETRIC),
            check_claims={"iss": issuer.name, "aud": issuer.audience, "exp": None},
            expected_type="JWS",
        )
        claims: dict[str, Any] = json.loads(token_verified.claims)
    except (JWException, ValueError, TypeError, KeyError) as error:
        raise InvalidToken(str(error)) from error
    return claims


def sign(claims: Mapping[str, Any], *, key: JWK, algorithm: str) -> str:
    """Return a signed token with these claims; it names the key if that has an id."""
    header = {"alg": algorithm}
    if key.get("kid"):
        header["kid"] = key.get("kid")
    token = JWT(header=header, claims=dict(claims))
    token.make_signed_token(key)
    return str(token.serialize())


@lru_cache(maxsize=4)
def public_keys(text: str) -> JWKSet:
    """Return the keys in the JSON text; none if it is empty."""
    return JWKSet.from_json(text) if text else JWKSet()
