import time
from typing import Any

import pytest
from jwcrypto.jwk import JWK

from rehearsal.common.jwt import InvalidToken, Issuer, issuers_of, sign, verify
from tests.configuration import jwk_set, signing_key

SECRET = "a secret of the worker's, well over 32 bytes long"
LMS = Issuer("https://lms.example.com/oauth2", "lms-key")
WORKER = Issuer("ecommerce_worker", "lms-key", SECRET)


def claims(issuer: Issuer = LMS, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": issuer.name, "aud": issuer.audience, "exp": now + 60, "sub": "1", **changes}


def by_platform(**changes: Any) -> str:
    return sign(claims(**changes), key=signing_key(), algorithm="RS512")


def by_worker(secret: str = SECRET, **changes: Any) -> str:
    key = JWK.from_password(secret)
    return sign(claims(WORKER, **changes), key=key, algorithm="HS256")


def check(token: str, *issuers: Issuer, keys: str | None = None) -> dict[str, Any]:
    public = jwk_set(signing_key()) if keys is None else keys
    return verify(token, issuers=issuers or (LMS, WORKER), jwk_set=public)


def test_each_issuer_is_known_by_its_own_key() -> None:
    assert check(by_platform())["iss"] == LMS.name
    assert check(by_worker())["iss"] == WORKER.name


@pytest.mark.parametrize("keys", ["", '{"keys": []}'])
def test_without_public_keys_their_tokens_are_refused(keys: str) -> None:
    with pytest.raises(InvalidToken):
        check(by_platform(), keys=keys)


def test_an_issuer_without_a_secret_signs_no_symmetric_tokens() -> None:
    token = sign(claims(), key=JWK.from_password("x" * 32), algorithm="HS256")
    with pytest.raises(InvalidToken, match="signs no HS256"):
        check(token, LMS)


def test_a_public_key_is_no_secret() -> None:
    public = jwk_set(signing_key())
    forged = sign(claims(), key=JWK.from_password(public), algorithm="HS256")
    with pytest.raises(InvalidToken):
        check(forged)


def test_one_issuer_cannot_speak_for_another() -> None:
    with pytest.raises(InvalidToken):
        check(by_worker(iss=LMS.name))


@pytest.mark.parametrize(
    "changes", [{"exp": 1}, {"aud": "another"}, {"iss": "another"}, {"exp": None}]
)
def test_an_expired_or_foreign_token_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        check(by_platform(**changes))


def test_another_secret_is_refused() -> None:
    with pytest.raises(InvalidToken):
        check(by_worker("y" * 40))


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "e30.e30."])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        check(text)


def test_nobody_is_trusted_where_no_issuer_is_configured() -> None:
    with pytest.raises(InvalidToken, match="no issuer is configured"):
        verify(by_platform(), issuers=issuers_of({}), jwk_set=jwk_set(signing_key()))
