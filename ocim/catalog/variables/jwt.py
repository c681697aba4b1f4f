"""The key pair with which the LMS signs access tokens, and everybody checks them."""

import json
import secrets
from dataclasses import dataclass

from ocim.core.secrets import Secret

ALGORITHM = "RS512"
_BITS = 2048


@dataclass(frozen=True, slots=True)
class JwtKeys:
    """Both halves as the JSON texts that Open edX wants. Never empty: see `generate`."""

    private_jwk: Secret
    public_jwk_set: str


def generate() -> JwtKeys:
    """A new pair; its `kid` is random. Takes some tenths of a second of computing."""
    # Here, since it is the one use of cryptography in a catalog that is otherwise plain data.
    from jwcrypto.jwk import JWK  # noqa: PLC0415

    key = JWK.generate(kty="RSA", size=_BITS, kid=secrets.token_hex(8), use="sig", alg=ALGORITHM)
    return JwtKeys(
        private_jwk=Secret(key.export_private()),
        public_jwk_set=json.dumps({"keys": [key.export_public(as_dict=True)]}),
    )
