"""Pages of long lists, by cursor: what comes or goes between two requests shifts nothing."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.core.errors import ValidationError

SIZE = 50
LARGEST = 200


class Pages(CursorPagination):
    """Pages of rows; `next` and `previous` are the addresses of the neighbours."""

    page_size = SIZE
    page_size_query_param = "limit"
    max_page_size = LARGEST
    page_size_query_description = f"Number of results (default: {SIZE}; at most {LARGEST})."
    cursor_query_description = "Place in the list, from `next` or `previous` of another page."

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the place that the request names. Raise ValidationError if there is none such."""
        try:
            return super().decode_cursor(request)
        except NotFound:
            raise _wrong_cursor() from None

    def get_page_size(self, request: Request) -> int | None:
        """Return the number of results. Raise ValidationError if it is out of range."""
        return size_of(request)


def size_of(request: Request) -> int:
    """Return the number of results on a page. Raise ValidationError if it is out of range."""
    text = request.query_params.get("limit")
    if text is None:
        return SIZE
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LARGEST):
        raise ValidationError([f"limit: {text!r} must be a number from 1 to {LARGEST}."])
    return int(text)


def page(
    rows: Any,
    request: Request,
    show: Callable[[Any], Any],
    *,
    ordering: Sequence[str] = ("-id",),
) -> Response:
    """Return the answer with one page of a query's rows, each as `show` returns it."""
    pages = Pages()
    pages.ordering = tuple(ordering)
    try:
        chosen: list[Any] | None = pages.paginate_queryset(rows, request)
    except (ValueError, DjangoValidationError, DataError):
        raise _wrong_cursor() from None
    return pages.get_paginated_response([show(row) for row in chosen or ()])


def address(request: Request, **place: str) -> str | None:
    """Return the address of another page of the list, `before` or `after` this one; None: none."""
    if not any(place.values()):
        return None
    query = request.query_params.copy()
    query.pop("before", None)
    query.pop("after", None)
    query.update(place)
    return request.build_absolute_uri(f"?{query.urlencode()}")


def _wrong_cursor() -> ValidationError:
    return ValidationError(
        ["cursor: no such place in the list."],
        remedy="Begin without a cursor, and follow `next`.",
    )
