"""A client of the API, as a script is one."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from ocim.core.access import FLEET, Role
from ocim.store.models import RoleGrant
from tests.browsers import browser_of

HERE = "/api/v1"


class Api:
    """An account's requests; addresses are those behind `/api/v1`."""

    def __init__(self, user: User | None = None) -> None:
        self.client = browser_of(user) if user else Client()
        self.client.raise_request_exception = False

    def get(self, path: str, **headers: str) -> Any:
        return self._send("GET", path, None, headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("POST", path, {} if body is None else body, headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("PUT", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path, None, {})

    def send(self, method: str, path: str) -> Any:
        return self._send(method, path, None if method in ("GET", "DELETE") else {}, {})

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        """Send a request; a header `if_match` is `If-Match`."""
        where = path if path.startswith(HERE) else f"{HERE}{path}"
        return self.client.generic(
            method,
            where,
            "" if body is None else body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


def account(name: str, role: Role | None = None, organization: str = FLEET) -> Api:
    """Return the requests of a new account with a role, or without any."""
    user = User.objects.create_user(name)
    if role:
        RoleGrant.objects.create(user=user, role=role, organization=organization)
    return Api(user)
