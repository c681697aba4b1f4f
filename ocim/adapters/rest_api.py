"""Requests to the HTTP interfaces of servers, with an account."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from ocim.adapters.deadlines import DeadlineTransport
from ocim.core.errors import PermanentError, TransientError
from ocim.core.secrets import Secret

TIMEOUT = 20.0
"""Time limit for a request, in seconds."""


@dataclass(frozen=True, slots=True)
class RestApi:
    """A server's HTTP interface, with the account for all requests."""

    what: str
    """Kind of server, for messages: `search server`."""
    url: str
    """URL without account, with a slash at the end."""
    user: str
    """User's name; empty: the password is a key, which needs none."""
    password: Secret
    reason: Callable[[Any], Any]
    """Function that takes the reason out of an error's JSON; it may raise LookupError."""
    missing_right: str
    """Remedy if the account may not do it."""

    def ask(
        self, method: str, path: str, *, but: tuple[int, ...] = (), **request: Any
    ) -> httpx.Response:
        """Return the server's answer.

        Raise TransientError or PermanentError for an error status that is not in `but`.
        """
        password = self.password.reveal()
        account = (self.user, password) if self.user else None
        headers = {} if self.user else {"Authorization": f"Bearer {password}"}
        transport = DeadlineTransport(TIMEOUT, verify=_context())
        try:
            with httpx.Client(
                auth=account, headers=headers, transport=transport, trust_env=False
            ) as client:
                answer = client.request(method, f"{self.url}{path}", **request)
        except (httpx.HTTPError, OSError) as error:
            raise TransientError(
                f"The {self.what} {self.url} does not answer: {error}.",
                remedy="Check that it is running, and that this machine can reach it.",
            ) from error
        if answer.is_success or answer.status_code in but:
            return answer
        problem = f"{self.url} answered {answer.status_code}: {self._reason(answer)}."
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TransientError(problem)
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise PermanentError(problem, remedy=self.missing_right)
        raise PermanentError(problem)

    def json(self, path: str, *, params: Mapping[str, str] | None = None) -> Any:
        """Return the content of a page. Raise PermanentError if it is no JSON."""
        return self.content(self.ask("GET", path, params=params))

    def content(self, answer: httpx.Response) -> Any:
        """Return the content of an answer. Raise PermanentError if it is no JSON."""
        try:
            return answer.json()
        except ValueError as error:
            raise PermanentError(f"{self.url} answered with something other than JSON.") from error

    def _reason(self, answer: httpx.Response) -> str:
        try:
            return str(self.reason(answer.json())).rstrip(".")
        except (ValueError, LookupError, TypeError):
            return answer.reason_phrase


@cache
def _context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
