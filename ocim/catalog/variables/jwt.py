"""Key pair with which the LMS signs access tokens, and other services verify them."""

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocim.core.secrets import Secret

if TYPE_CHECKING:
    from jwcrypto.jwk import JWK

ALGORITHM = "RS512"
_BITS = 2048


@dataclass(frozen=True, slots=True)
class JwtKeys:
    """Key pair, as JSON texts for Open edX. Made by `generate` or `from_pem`."""

    private_jwk: Secret
    public_jwk_set: str


def generate() -> JwtKeys:
    """Generate a new pair with a random `kid`, which takes some tenths of a second."""
    # Imported here, since nothing else in the catalog needs cryptography.
    from jwcrypto.jwk import JWK

    return _keys(JWK.generate(kty="RSA", size=_BITS, kid=secrets.token_hex(8)))


def from_pem(pem: Secret) -> JwtKeys:
    """Return the pair of a private key in PEM. Raise ValueError if it is no key of RSA."""
    from jwcrypto.jwk import JWK

    key = JWK.from_pem(pem.reveal().encode())
    if key["kty"] != "RSA" or not key.has_private:
        raise ValueError("no private key of RSA")
    return _keys(key)


def _keys(key: "JWK") -> JwtKeys:
    key.update(use="sig", alg=ALGORITHM)
    return JwtKeys(
        private_jwk=Secret(key.export_private()),
        public_jwk_set=json.dumps({"keys": [key.export_public(as_dict=True)]}),
    )
