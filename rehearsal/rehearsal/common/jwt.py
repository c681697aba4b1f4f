"""JSON Web Tokens of Open edX: signed by the platform or a worker, verified by every service."""

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
    """A token that is malformed, expired, for somebody else, or not signed by who it names."""


@dataclass(frozen=True)
class Issuer:
    """Somebody whose tokens are accepted, for one audience.

    `secret` verifies symmetric ones; where it is empty, there are none.
    """

    name: str
    audience: str
    secret: str = ""


def issuers_of(jwt_auth: Mapping[str, Any]) -> list[Issuer]:
    """The issuers in a service's setting JWT_AUTH."""
    return [
        Issuer(entry["ISSUER"], entry["AUDIENCE"], entry.get("SECRET_KEY") or "")
        for entry in jwt_auth.get("JWT_ISSUERS") or []
    ]


def verify(token: str, *, issuers: Iterable[Issuer], jwk_set: str) -> dict[str, Any]:
    """The claims of a token that one of `issuers` signed and that has not expired.

    `jwk_set` is the JSON of the public keys; where it is empty, tokens signed with any are refused.
    Raises InvalidToken.
    """
    error = InvalidToken("no issuer is configured")
    for issuer in issuers:
        try:
            return verified(token, issuer, jwk_set)
        except InvalidToken as refusal:
            error = refusal
    raise error


def verified(token: str, issuer: Issuer, jwk_set: str) -> dict[str, Any]:
    """The same for one issuer. The algorithm decides which key is asked, so none stands in."""
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
    """A token with these claims; it names the key where the key has an id."""
    header = {"alg": algorithm}
    if key.get("kid"):
        header["kid"] = key.get("kid")
    token = JWT(header=header, claims=dict(claims))
    token.make_signed_token(key)
    return str(token.serialize())


@lru_cache(maxsize=4)
def public_keys(text: str) -> JWKSet:
    """The keys in the JSON text; none where it is empty."""
    return JWKSet.from_json(text) if text else JWKSet()
