import json

import pytest
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT

from ocim.catalog.variables.jwt import ALGORITHM, JwtKeys, generate


@pytest.fixture(scope="module")
def keys() -> JwtKeys:
    return generate()


def test_the_public_half_verifies_what_the_private_half_signs(keys: JwtKeys) -> None:
    private = JWK.from_json(keys.private_jwk.reveal())
    token = JWT(header={"alg": ALGORITHM, "kid": private["kid"]}, claims={"sub": "verified"})
    token.make_signed_token(private)

    public = JWKSet.from_json(keys.public_jwk_set).get_key(private["kid"])
    verified = JWT(jwt=token.serialize(), key=public, algs=[ALGORITHM])
    assert json.loads(verified.claims)["sub"] == "verified"


def test_the_public_half_holds_nothing_private(keys: JwtKeys) -> None:
    (key,) = json.loads(keys.public_jwk_set)["keys"]
    assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}


def test_the_private_half_does_not_print(keys: JwtKeys) -> None:
    assert json.loads(keys.private_jwk.reveal())["d"] not in repr(keys)
