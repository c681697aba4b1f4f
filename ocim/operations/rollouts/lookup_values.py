"""The values of lookups: each is of its field's type, or refused with what to write instead."""

import re
from typing import Any, Protocol

from django.db import models

from ocim.core.characters import hint
from ocim.core.texts import shortened
from ocim.operations.rollouts.lookup_kinds import PLURALS, READERS, Kind, Refused, kind_of
from ocim.store.validators import validate_text

_SHOWN = 60
_PAIR = 2
PATTERNS = ("regex", "iregex")
_PARTS = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith")
_FROM_A_DAYS_BEGINNING = ("gte", "lt")


class Comparison(Protocol):
    """The parts of a lookup that its values depend on."""

    @property
    def path(self) -> str: ...
    @property
    def field(self) -> Any: ...
    @property
    def comparison(self) -> str: ...


def typed(lookup: Comparison, value: Any, raw: str) -> Any:
    """Return the value as Django needs it. Raise Refused if it has another type."""
    kind = Kind.FLAG if lookup.comparison == "isnull" else kind_of(lookup.field)
    if value is None:
        raise Refused(
            f"null is no value to compare with. For fields without one: {lookup.path}__isnull: true"
        )
    if lookup.comparison in ("in", "range"):
        return _several(lookup, kind, value, raw)
    return _single(lookup, kind, value, raw)


def _several(lookup: Comparison, kind: Kind, value: Any, raw: str) -> list[Any]:
    is_range = lookup.comparison == "range"
    wanted = f"a pair of {PLURALS[kind]}" if is_range else f"a list of {PLURALS[kind]}"
    if not isinstance(value, list):
        raise Refused(
            f"{_short(raw)} does not fit: it is {_type(value)}, and this lookup takes {wanted}."
            + ("" if is_range else _as_list(kind, value))
        )
    if not value:
        raise Refused(f"the list is empty. Write {wanted}, or leave the lookup out.")
    if is_range and len(value) != _PAIR:
        raise Refused(f"{_short(raw)} does not fit: this lookup takes {wanted}, [least, greatest].")
    values = [_single(lookup, kind, element, repr(element)) for element in value]
    if is_range and values[0] > values[1]:
        raise Refused(f"{_short(raw)} does not fit: the least comes first.")
    return values


def _as_list(kind: Kind, value: Any) -> str:
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else [str(value)]
    if kind is Kind.WHOLE and all(part.isdecimal() for part in parts):
        return f" Write [{', '.join(parts)}]."
    if kind is Kind.TEXT and isinstance(value, str):
        return f" Write [{', '.join(map(repr, parts))}]."
    return ""


def _single(lookup: Comparison, kind: Kind, value: Any, raw: str) -> Any:
    typed_value = READERS[kind](value)
    if typed_value is None:
        relation = _by_id(lookup) if lookup.field.is_relation and kind is not Kind.FLAG else ""
        raise Refused(
            f"{_short(raw)} does not fit: it is {_type(value)}, and this lookup takes {kind}"
            f"{relation}.{_remedy(lookup, kind, value, raw)}"
        )
    if kind is Kind.TEXT:
        _check_text(lookup, typed_value)
    if kind is Kind.MOMENT and lookup.comparison not in _FROM_A_DAYS_BEGINNING and _is_day(value):
        raise Refused(
            f"{value!r} does not fit: it has no time of day. Write '{value} 00:00' for its"
            f" beginning (UTC), or {lookup.path}__date{_suffix(lookup)} for all of it."
        )
    return typed_value


def _check_text(lookup: Comparison, value: str) -> None:
    if lookup.comparison in PATTERNS:
        try:
            re.compile(value)
        except (re.error, RecursionError, OverflowError) as error:
            raise Refused(
                f"{_short(repr(value))} does not fit: it is no regular expression ({error})."
            ) from None
    elif isinstance(lookup.field, models.CharField) and (aside := _unseen(lookup.field, value)):
        raise Refused(f"{_short(repr(value))} does not fit: take out what does not show.{aside}")
    if not value and (lookup.comparison in (*_PARTS, *PATTERNS) or not lookup.field.blank):
        selects = "every" if lookup.comparison in (*_PARTS, *PATTERNS) else "no"
        raise Refused(f"'' does not fit: {selects} instance has it. Leave the lookup out.")
    choices = [name for name, _ in lookup.field.flatchoices]
    if choices and lookup.comparison in ("exact", "in") and value not in choices:
        raise Refused(f"{_short(repr(value))} does not fit: it is none of {', '.join(choices)}.")


def _unseen(field: Any, value: str) -> str:
    """Name a character that does not show, and that the field cannot hold."""
    return "" if validate_text in field.validators else hint(value)


def _type(value: Any) -> str:
    match value:
        case bool():
            return f"{str(value).lower()} in YAML"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case None:
            return "no value"
    return "a mapping"


def _remedy(lookup: Comparison, kind: Kind, value: Any, raw: str) -> str:
    if isinstance(value, list) and lookup.comparison == "exact":
        return f" For several: {lookup.path}__in"
    if kind is Kind.TEXT and isinstance(value, bool | int | float):
        return f" Write it in quotes: '{raw}'."
    if kind is Kind.WHOLE and isinstance(value, str) and value.strip().isdecimal():
        return f" Write it without quotes: {value.strip()}."
    if kind is Kind.FLAG and str(value).lower() in ("true", "yes", "on", "1"):
        return " Write true."
    if kind is Kind.FLAG and str(value).lower() in ("false", "no", "off", "0"):
        return " Write false."
    return hint(value) if isinstance(value, str) else ""


def _by_id(lookup: Comparison) -> str:
    by_name = "name" in {field.name for field in lookup.field.related_model._meta.get_fields()}
    return f" (an id{f'; by name: {lookup.path}__name' if by_name else ''})"


def _suffix(lookup: Comparison) -> str:
    return "" if lookup.comparison == "exact" else f"__{lookup.comparison}"


def _short(text: str) -> str:
    return shortened(text, _SHOWN)


def _is_day(value: str) -> bool:
    return ":" not in value
