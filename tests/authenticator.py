"""A device with passkeys, in software: what a browser and its device answer."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
)

FLAG = AuthenticatorData.FLAG


@dataclass
class Device:
    """A device with one passkey; a test spoils what it answers."""

    host: str = "testserver"
    origin: str = "http://testserver"
    flags: FLAG = FLAG.UP | FLAG.UV
    """Bit for a person who showed a finger or typed a PIN."""
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any]) -> str:
        """Answer the question for a new passkey."""
        client = self._client("webauthn.create", options)
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        data = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public)
        made = AuthenticatorData.create(
            self._host_hash(), self.flags | FLAG.AT, self.count, bytes(data)
        )
        attestation = AttestationObject.create("none", made, {})
        return self._answer(client, attestationObject=websafe_encode(bytes(attestation)))

    def get(self, options: dict[str, Any]) -> str:
        """Answer the question of a sign-in."""
        self.count += 1 if self.count else 0
        client = self._client("webauthn.get", options)
        data = AuthenticatorData.create(self._host_hash(), self.flags, self.count)
        signed = bytes(data) + sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            client,
            authenticatorData=websafe_encode(bytes(data)),
            signature=websafe_encode(signature),
        )

    def _host_hash(self) -> bytes:
        return sha256(self.host.encode()).digest()

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        challenge = options["publicKey"]["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, client: bytes, **response: str) -> str:
        credential_id = websafe_encode(self.credential_id)
        response["clientDataJSON"] = websafe_encode(client)
        answer = {"id": credential_id, "rawId": credential_id, "type": "public-key"}
        return json.dumps({**answer, "response": response, "clientExtensionResults": {}})
