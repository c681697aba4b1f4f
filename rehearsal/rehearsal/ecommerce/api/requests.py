from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from rehearsal.ecommerce.core.models import User


def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object in the request. Raise ParseError for any other body."""
    if not isinstance(request.data, dict):
        raise ParseError("A JSON object is expected.")
    return request.data


def caller(request: Request) -> User:
    """Return the user who calls, behind a permission that requires one."""
    if not isinstance(request.user, User):
        raise TypeError("the caller is anonymous")
    return request.user
