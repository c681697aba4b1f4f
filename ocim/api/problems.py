"""Failures as `application/problem+json` (RFC 9457): what is wrong, where, and what to do."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from ocim.core.errors import Conflict, OcimError, PermanentError, TransientError, ValidationError
from ocim.core.faults import Fault

TYPE = "application/problem+json"
RETRY_AFTER = 10
"""Seconds after which a client should try again what failed because of something outside."""
STATUSES: tuple[tuple[type[OcimError], int], ...] = (
    (ValidationError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
    (PermanentError, HTTPStatus.BAD_GATEWAY),
)
"""The status of each kind of error."""
BASE = HTTPStatus.CONFLICT
"""The status of all other kinds of OcimError."""
log = logging.getLogger(__name__)


class PreconditionRequired(exceptions.APIException):
    """Lack of `If-Match` in a request that changes something."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = (
        "If-Match is missing: send the ETag of the version that you change, so that"
        " nobody's change is lost."
    )


class PreconditionFailed(exceptions.APIException):
    """Change of the object since the client read it."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_detail = (
        "Somebody changed it since you read it: read it again, and send the new ETag in If-Match."
    )


def answer(error: Exception, _context: Any = None) -> Response | None:
    """Return the answer for an error; None for faults of the code, which Django answers with 500.

    Django REST framework calls this.
    """
    match error:
        case Http404():
            error = exceptions.NotFound(str(error))
        case PermissionDenied():
            error = exceptions.PermissionDenied(str(error) or None)
        case OperationalError() | InterfaceError():
            log.warning("The API lacks the database: %s", type(error).__name__)
            error = TransientError("The manager's database does not answer.")
        case DataError():
            error = ValidationError(["A text is too long, or has NUL: it cannot be stored."])
        case IntegrityError():
            # The first line names the constraint; values follow on others.
            log.warning("The database refused a request: %s", str(error).partition("\n")[0])
            error = Conflict("The same was saved at the same moment.", remedy="Read it again.")
    if not isinstance(error, OcimError | exceptions.APIException):
        return None
    status = _status(error)
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        **{name: value for name, value in _content(error).items() if value},
    }
    return Response(content, status, headers=_headers(error), content_type=TYPE)


def _status(error: OcimError | exceptions.APIException) -> int:
    if isinstance(error, exceptions.ValidationError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, exceptions.APIException):
        return error.status_code
    return next((status for kind, status in STATUSES if isinstance(error, kind)), BASE)


def _content(error: OcimError | exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return _of_faults(list(_of_fields(error.detail, "#")))
    if isinstance(error, exceptions.APIException):
        return {"detail": str(error.detail)}
    if isinstance(error, ValidationError):
        return {**_of_faults([placed(fault) for fault in error.faults]), "remedy": error.remedy}
    return {"detail": error.problem, "remedy": error.remedy}


def _headers(error: OcimError | exceptions.APIException) -> dict[str, str]:
    if isinstance(error, TransientError):
        return {"Retry-After": str(RETRY_AFTER)}
    wait = getattr(error, "wait", None)
    headers = {
        "WWW-Authenticate": getattr(error, "auth_header", None),
        "Retry-After": wait and str(ceil(wait)),
    }
    return {name: value for name, value in headers.items() if value}


def _of_faults(faults: list[dict[str, Any]]) -> dict[str, Any]:
    [first, *others] = faults
    return {"detail": f"{len(faults)} faults." if others else first["detail"], "errors": faults}


def placed(fault: str) -> dict[str, Any]:
    """Return a fault with its place: a JSON pointer to the field, a line and a column in it."""
    place = Fault.of(fault)
    if not place.field:
        return {"detail": str(fault)}
    numbers = {name: number for name in ("line", "column") if (number := getattr(place, name))}
    return {"detail": str(fault), "pointer": f"#/{place.field}", **numbers}


def _of_fields(detail: Any, pointer: str) -> Iterator[dict[str, Any]]:
    """Yield the faults that Django REST framework found, each with a pointer to its field."""
    if isinstance(detail, dict):
        for name, part in detail.items():
            inner = pointer if name == "non_field_errors" else f"{pointer}/{_escaped(name)}"
            yield from _of_fields(part, inner)
    elif isinstance(detail, list):
        for part in detail:
            yield from _of_fields(part, pointer)
    else:
        yield {"detail": str(detail), "pointer": pointer}


def _escaped(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
