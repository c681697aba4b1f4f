"""Bodies of requests: JSON within limits, with every fault of its fields."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from ocim.core.errors import ValidationError

DEEPEST = 40
"""Maximum depth of values in values."""


class StrictJSONParser(JSONParser):
    """JSON without characters that a database or a file cannot hold, and not too deep."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the value. Raise ParseError if it is no JSON, or beyond the limits."""
        try:
            value = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("Values in the body are nested too deeply.") from None
        _require_sound(value, "#", 0)
        return value


def _require_sound(value: Any, place: str, depth: int) -> None:
    """Raise ParseError if a text has NUL or half a character, or if values are too deep."""
    if depth > DEEPEST:
        raise ParseError(f"Values in the body are nested too deeply: the limit is {DEEPEST}.")
    match value:
        case str():
            if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
                raise ParseError(f"{place} has a character that is not text (NUL or a surrogate).")
        case dict():
            for name, part in value.items():
                _require_sound(name, f"A name in {place}", depth + 1)
                _require_sound(part, f"{place}/{name}", depth + 1)
        case list():
            for number, part in enumerate(value):
                _require_sound(part, f"{place}/{number}", depth + 1)


class Body(serializers.Serializer[Any]):
    """An object in a request; names that it does not know are faults."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked fields. Raise DRF's ValidationError with the faults of all."""
        faults: dict[str, Any] = {}
        values: Any = {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(data, dict):
                raise
            faults = dict(error.detail)  # type: ignore[arg-type]
        known = ", ".join(self.fields)
        faults |= {
            name: [f"Unknown field. Fields: {known or 'none'}."]
            for name in data
            if name not in self.fields
        }
        if faults:
            raise serializers.ValidationError(faults)
        return values


def read(body: type[Body], request: Request) -> dict[str, Any]:
    """Return the fields of a request's body. Raise DRF's ValidationError with every fault."""
    read = body(data=request.data)
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)


def require_object(request: Request) -> dict[str, Any]:
    """Return the body's object. Raise ValidationError if it is something else."""
    if not isinstance(request.data, dict):
        raise ValidationError(['The body must be an object such as {"name": "value"}.'])
    return dict(request.data)
