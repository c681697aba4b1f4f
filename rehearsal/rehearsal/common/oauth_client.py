"""A service's client at the LMS: access tokens for people and for the service itself."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import requests
from django.core.cache import cache
from requests.auth import AuthBase

TIMEOUT = 20
"""Seconds to wait for a response of the LMS."""
MARGIN = 10
"""Seconds before its expiry after which a token is not used any more."""


class LmsRefused(Exception):
    """The LMS cannot be reached, or refuses the client."""


@dataclass(frozen=True)
class OAuthClient:
    """An OAuth 2 client; `provider_url` is the LMS's root with `/oauth2`."""

    provider_url: str
    client_id: str
    client_secret: str = field(repr=False)

    def grant(self, **fields: str) -> dict[str, Any]:
        """Request a token, and return the LMS's response. Raise LmsRefused if it refuses."""
        url = f"{self.provider_url}/access_token"
        credentials = {"client_id": self.client_id, "client_secret": self.client_secret}
        try:
            answer = requests.post(url, {**fields, **credentials}, timeout=TIMEOUT)
            content = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError) as error:
            raise LmsRefused(f"{url}: {error}") from error
        if not answer.ok:
            reason = content.get("error_description") or content.get("error")
            raise LmsRefused(f"{url}: status {answer.status_code} ({reason})")
        return dict(content)

    def own_token(self) -> str:
        """Return a JWT for the service's own calls, from the cache until it expires."""
        known = "\0".join((self.provider_url, self.client_id, self.client_secret))
        key = hashlib.sha256(known.encode()).hexdigest()
        token: str | None = cache.get(key)
        if token is None:
            answer = self.grant(grant_type="client_credentials", token_type="jwt")  # noqa: S106
            token = str(answer["access_token"])
            cache.set(key, token, max(int(answer["expires_in"]) - MARGIN, 1))
        return token


class JwtAuth(AuthBase):
    """Authentication for `requests`, as the service that owns the client."""

    def __init__(self, client: OAuthClient) -> None:
        self.client = client

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"JWT {self.client.own_token()}"
        return request
