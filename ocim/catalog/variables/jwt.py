"""Key pair with which the LMS signs access tokens, and other services verify them."""

import json
import secrets
from dataclasses import dataclass

from ocim.core.secrets import Secret

ALGORITHM = "RS512"
_BITS = 2048


@dataclass(frozen=True, slots=True)
class JwtKeys:
    """Key pair, as JSON texts for Open edX. Made by `generate`."""

    private_jwk: Secret
    public_jwk_set: str


def generate() -> JwtKeys:
    """Generate a new pair with a random `kid`, which takes some tenths of a second."""
    # Imported here, since nothing else in the catalog needs cryptography.
    from jwcrypto.jwk import JWK

    key = JWK.generate(kty="RSA", size=_BITS, kid=secrets.token_hex(8), use="sig", alg=ALGORITHM)
    return JwtKeys(
        private_jwk=Secret(key.export_private()),
        public_jwk_set=json.dumps({"keys": [key.export_public(as_dict=True)]}),
    )
