import json
from collections.abc import Iterator
from typing import Any

import requests
from django.conf import settings
from jwcrypto.common import base64url_decode

from rehearsal.common.oauth_client import JwtAuth
from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.core.partners import backend_client

PAGE_SIZE = 50


class Loader:
    """Loader of a kind of data for a partner, from the URL in the partner's field `url_field`."""

    url_field: str

    def __init__(self, partner: Partner) -> None:
        self.partner = partner
        self.client = backend_client(partner)
        self.session = requests.Session()
        self.session.auth = JwtAuth(self.client)

    @classmethod
    def is_wanted(cls, partner: Partner) -> bool:
        """Return True if this release has the loader, and the partner has a URL for it."""
        return bool(getattr(partner, cls.url_field))

    @property
    def url(self) -> str:
        return str(getattr(self.partner, self.url_field))

    def ingest(self) -> None:
        """Load all data. Raise LmsRefused or a RequestException if a service fails."""
        raise NotImplementedError

    def username(self) -> str:
        """Return the name of the user as whom the service calls."""
        payload = self.client.own_token().split(".")[1]
        return str(json.loads(base64url_decode(payload))["preferred_username"])

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the JSON at `path` below the loader's URL."""
        answer = self.session.get(
            f"{self.url.rstrip('/')}/{path}", params=query, timeout=self.timeout
        )
        answer.raise_for_status()
        return dict(answer.json())

    @property
    def timeout(self) -> tuple[float, float]:
        return settings.CONNECT_TIMEOUT, settings.READ_TIMEOUT

    def following(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the results of all pages, as long as a page names a next one."""
        number = 1
        while True:
            page = self.get(path, page=number, page_size=PAGE_SIZE)
            yield from page["results"]
            if not page.get("next"):
                return
            number += 1
