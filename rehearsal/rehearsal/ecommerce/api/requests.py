from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from rehearsal.ecommerce.core.models import User


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises ParseError."""
    if not isinstance(request.data, dict):
        raise ParseError("A JSON object is expected.")
    return request.data


def caller(request: Request) -> User:
    """Who calls, behind a permission that asks for somebody."""
    if not isinstance(request.user, User):
        raise TypeError("nobody has called")
    return request.user
