"""An OpenID Connect provider in a thread, whose ID tokens a test spoils."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from ocim.adapters.identity.openid import OpenIdProvider
from ocim.core.secrets import Secret
from tests.web_servers import answer, web_server

CLIENT, SECRET = "ocim", "the client's secret, for tests only"
Key = RSAKey | OctKey


@cache
def rsa_key(number: int = 0) -> RSAKey:
    """Return one of several keys with the same name; making them is slow."""
    return RSAKey.generate_key(2048, {"kid": "first"})


@dataclass
class OpenIdServer:
    """Answers of the provider; a test changes them."""

    issuer: str = ""
    key: Key = field(default_factory=rsa_key)
    signing_key: Key | None = None
    """Key that signs, if not the one that is published."""
    algorithm: str = "RS256"
    nonce: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims of the ID token that differ; None leaves one out."""
    more: dict[str, Any] = field(default_factory=dict)
    """Claims that are only told when asked for."""
    about: dict[str, Any] = field(default_factory=dict)
    """Parts of the description that differ."""
    is_away: bool = False
    codes: set[str] = field(default_factory=lambda: {"code"})
    forms: list[dict[str, str]] = field(default_factory=list)
    """Bodies of requests for a token."""

    def provider(self) -> OpenIdProvider:
        """Return the adapter for this provider."""
        return OpenIdProvider(
            issuer=self.issuer,
            client=CLIENT,
            secret=Secret(SECRET),
            scopes=("openid", "profile", "email"),
            claim="groups",
        )

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request, unless it is away: then hang up."""
        if self.is_away:
            return
        pages: dict[str, Callable[[], dict[str, Any]]] = {
            "/.well-known/openid-configuration": self._description,
            "/keys": lambda: {"keys": [self.key.as_dict(private=False)]},
            "/more": lambda: {"sub": "1234", **self.more},
        }
        if handler.path == "/token":
            length = int(handler.headers["Content-Length"])
            form = parse_qs(handler.rfile.read(length).decode())
            self.forms.append({name: values[0] for name, values in form.items()})
            if self.forms[-1]["code"] not in self.codes:
                answer(handler, 400, json.dumps({"error": "invalid_grant"}))
                return
            self.codes.discard(self.forms[-1]["code"])
            pages["/token"] = self._tokens
        answer(handler, 200, json.dumps(pages[urlsplit(handler.path).path]()))

    def _description(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/more",
            # A provider that lists these must not make Ocim accept them.
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **self.about,
        }

    def _tokens(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "1234",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "first"}
        if self.algorithm == "none":
            token = ".".join(map(_encoded, (header, claims))) + "."
        else:
            key = self.signing_key or self.key
            token = jwt.encode(header, claims, key, algorithms=[self.algorithm])
        return {"access_token": "access", "token_type": "Bearer", "id_token": token}


def _encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@contextmanager
def openid_server() -> Iterator[OpenIdServer]:
    """Serve a provider until the block ends."""
    server = OpenIdServer()
    with web_server(server.reply) as port:
        server.issuer = f"http://127.0.0.1:{port}"
        yield server
