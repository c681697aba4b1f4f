"""The OpenAPI description of the API: made from the views, with the answers that all have."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from ocim.api.bodies import Body
from ocim.api.problems import TYPE
from ocim.operations import idempotency

SIMPLE: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    NoneType: {"type": "null"},
    Any: {},
    object: {},
}


class Place(serializers.Serializer[Any]):
    """A fault with its place."""

    detail = serializers.CharField(help_text="What is wrong, with the value, and what to do.")
    pointer = serializers.CharField(
        required=False, help_text="Pointer (RFC 6901) to the field of the request."
    )
    line = serializers.IntegerField(required=False, help_text="Line in the field's text.")
    column = serializers.IntegerField(required=False, help_text="Column in that line.")


class Problem(serializers.Serializer[Any]):
    """A failure, as RFC 9457 describes it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False, help_text="What is wrong.")
    remedy = serializers.CharField(required=False, help_text="What to do.")
    errors = Place(  # type: ignore[assignment]
        many=True, required=False, help_text="Every fault of the request."
    )


SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of a person."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in person; requests that change something need X-CSRFToken, too.",
    },
}
ALWAYS = (401, 403, 404, 406, 429, 503)
"""Statuses of failures that every operation may have."""
OF_CHANGES = (400, 409, 413, 415, 422, 502)
"""Statuses of failures that operations with a body may have, too."""
OF_QUERIES = (409, 422, 502)
"""Statuses of failures that operations with parameters may have, too."""
IDEMPOTENCY = OpenApiParameter(
    idempotency.WHAT,
    {"type": "string", "minLength": 1, "maxLength": idempotency.LONGEST, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Any text of your own, new for each request: a request that is sent twice with it"
    " is carried out once, within 24 hours, and gets the same answer.",
)
SECRETS = OpenApiParameter(
    "secrets", bool, description="Show secrets instead of masks; needs the right to see secrets."
)


def with_security(result: Any, **_: Any) -> Any:
    """Return the description with the ways to say who asks. drf-spectacular calls this."""
    result["components"]["securitySchemes"] = SECURITY_SCHEMES
    return result


class Description(AutoSchema):
    """The description of a view: its docstring's first line is the summary, the rest its text."""

    def get_summary(self) -> str | None:
        """Return the first line of the method's docstring."""
        return self._docstring()[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """Return what follows the first line of the method's docstring."""
        return self._docstring()[1]

    def get_operation_id(self) -> str:
        """Return a name of the operation, such as `getInstance`."""
        return f"{self.method.lower()}{type(self.view).__name__}"

    def get_tags(self) -> list[str]:
        """Return the subject: the first part of the address after the version."""
        return [self.path.split("/")[3]]

    def get_auth(self) -> list[Any]:
        """Return the two ways to say who asks."""
        return [{name: []} for name in SECURITY_SCHEMES]

    def get_override_parameters(self) -> list[Any]:
        """Add the idempotency key to every POST."""
        parameters = super().get_override_parameters()
        return [*parameters, IDEMPOTENCY] if self.method == "POST" else list(parameters)

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        """Add the failures."""
        answers = super()._get_response_bodies(direction)
        statuses = {*ALWAYS, *(OF_QUERIES if self.method == "GET" else OF_CHANGES)}
        if any(parameter.name == "If-Match" for parameter in self.get_override_parameters()):
            statuses |= {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED}
        for status in sorted(statuses):
            answers[str(int(status))] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                OpenApiResponse(Problem, description=HTTPStatus(status).phrase),
                str(int(status)),
                media_types=[TYPE],
            )
        return answers

    def _docstring(self) -> tuple[str, str]:
        method = getattr(self.view, self.method.lower())
        first, _, rest = (method.__doc__ or "").strip().partition("\n")
        return first, " ".join(rest.split())


def shape_of(kind: Any) -> dict[str, Any]:
    """Return the JSON schema of a dataclass, or of another type of values that answers hold."""
    if kind in SIMPLE:
        return dict(SIMPLE[kind])
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind)]
        properties = {name: shape_of(hints[name]) for name in names}
        return {"type": "object", "properties": properties, "required": names}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [shape_of(argument) for argument in arguments]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": shape_of(arguments[1])}
    if origin in (list, tuple) or "Sequence" in str(origin):
        return {"type": "array", "items": shape_of(arguments[0])}
    return {}


@cache
def page_of(shape: Any) -> Any:
    """Return the shape of a page with such results."""
    name = shape.__name__ if isinstance(shape, type) else type(shape).__name__
    return inline_serializer(
        f"PageOf{name}",
        {
            "next": serializers.CharField(
                allow_null=True, help_text="Address of the next page; null: there is none."
            ),
            "previous": serializers.CharField(
                allow_null=True, help_text="Address of the page before; null: there is none."
            ),
            "results": shape(many=True),
        },
    )


class Nothing(Body):
    """A request that says nothing more."""
