"""Authentication of requests: by a token, or by the session of a signed-in person."""

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from ocim.core.access import Access
from ocim.operations import tokens
from ocim.operations.access import access_of
from ocim.wiring import context

SCHEME = "bearer"


class Bearer(BaseAuthentication):
    """A token in `Authorization: Bearer …`; it never allows more than its owner may do."""

    def authenticate(self, request: Request) -> tuple[User, Access] | None:
        """Return the owner and what the token allows; None without a token.

        Raise AuthenticationFailed if the token is none, or no longer one.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        try:
            return tokens.check(token.strip(), context=context())
        except tokens.InvalidToken as error:
            raise AuthenticationFailed(str(error)) from None

    def authenticate_header(self, _request: Request) -> str:
        """Return the challenge that answers with status 401 have."""
        return 'Bearer realm="Ocim"'


def access_of_request(request: Request) -> Access:
    """Return what the request may do: all that its user may, or less with a token."""
    return request.auth if isinstance(request.auth, Access) else access_of(request.user)
