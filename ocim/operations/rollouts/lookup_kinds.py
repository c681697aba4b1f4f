"""The types of values that fields have, and the reading of each from YAML."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from django.db import models
from django.utils.dateparse import parse_date, parse_datetime, parse_time


class Refused(Exception):
    """Raised for a value that does not fit its lookup; the text says what to write instead."""


class Kind(StrEnum):
    """A type of values, in the words in which errors ask for one."""

    TEXT = "a text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    NUMBER = "a number"
    DAY = "a day, as '2026-06-12'"
    MOMENT = "a day and a time in UTC, as '2026-06-12 22:00'"
    CLOCK = "a time of the day in UTC, as '22:00'"


PLURALS = {
    Kind.TEXT: "texts",
    Kind.FLAG: "true and false",
    Kind.WHOLE: "whole numbers",
    Kind.NUMBER: "numbers",
    Kind.DAY: "days, each as '2026-06-12'",
    Kind.MOMENT: "times in UTC, each as '2026-06-12 22:00'",
    Kind.CLOCK: "times of the day in UTC, each as '22:00'",
}
# The order matters: a DateTimeField is a DateField, too.
_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (models.CharField, Kind.TEXT),
    (models.TextField, Kind.TEXT),
    (models.BooleanField, Kind.FLAG),
    (models.IntegerField, Kind.WHOLE),
    (models.FloatField, Kind.NUMBER),
    (models.DateTimeField, Kind.MOMENT),
    (models.DateField, Kind.DAY),
    (models.TimeField, Kind.CLOCK),
)


def kind_of(field: Any) -> Kind:
    """Return the type of a field's values; a relation's are the ids at its other end."""
    while field.is_relation:
        field = field.target_field if field.concrete else field.related_model._meta.pk
    for cls, kind in _KINDS:
        if isinstance(field, cls):
            return kind
    raise Refused("nothing can be selected by this field: what it holds is not comparable.")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


def _number(value: Any) -> float | None:
    return value if type(value) in (int, float) else None


def _parsed(parse: Callable[[str], Any], value: Any) -> Any:
    try:
        return parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _day(value: Any) -> date | None:
    day: date | None = _parsed(parse_date, value)
    return day


def _moment(value: Any) -> datetime | None:
    """Read a time; one without a zone is in UTC."""
    moment: datetime | None = _parsed(parse_datetime, value)
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _clock(value: Any) -> time | None:
    clock: time | None = _parsed(parse_time, value)
    return clock if clock is None or clock.tzinfo is None else None


READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
    Kind.CLOCK: _clock,
}
