"""Authentication of requests: by a token, or by the session of a signed-in person."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from ocim.core.access import Access
from ocim.operations.access import access_of


class Session(SessionAuthentication):
    """The session of a signed-in person, whose requests that change something need a CSRF token."""

    def authenticate_header(self, _request: Request) -> str:
        """Return the challenge that answers with status 401 have."""
        return 'Bearer realm="Ocim"'


def access_of_request(request: Request) -> Access:
    """Return what the request may do: all that its user may, or less with a token."""
    return access_of(request.user)
