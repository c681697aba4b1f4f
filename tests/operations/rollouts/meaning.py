"""The meaning of a filter in plain Python: no query, no Django lookup, no conversion."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Model

from ocim.store.models import OpenEdXInstance

_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "iexact": lambda has, wanted: has.lower() == wanted.lower(),
    "contains": lambda has, wanted: wanted in has,
    "icontains": lambda has, wanted: wanted.lower() in has.lower(),
    "startswith": lambda has, wanted: has.startswith(wanted),
    "istartswith": lambda has, wanted: has.lower().startswith(wanted.lower()),
    "endswith": lambda has, wanted: has.endswith(wanted),
    "iendswith": lambda has, wanted: has.lower().endswith(wanted.lower()),
    "regex": lambda has, wanted: bool(re.search(wanted, has)),
    "iregex": lambda has, wanted: bool(re.search(wanted, has, re.IGNORECASE)),
}
_ANY: Mapping[str, Callable[[Any, Any], bool]] = {
    "exact": lambda has, wanted: has == wanted,
    "gt": lambda has, wanted: has > wanted,
    "gte": lambda has, wanted: has >= wanted,
    "lt": lambda has, wanted: has < wanted,
    "lte": lambda has, wanted: has <= wanted,
}
_PARTS: Mapping[str, Callable[[Any], Any]] = {
    "year": lambda of: of.year,
    "iso_year": lambda of: of.isocalendar().year,
    "month": lambda of: of.month,
    "day": lambda of: of.day,
    "week": lambda of: of.isocalendar().week,
    "week_day": lambda of: of.isoweekday() % 7 + 1,
    "iso_week_day": lambda of: of.isoweekday(),
    "quarter": lambda of: (of.month + 2) // 3,
    "hour": lambda of: of.hour,
    "minute": lambda of: of.minute,
    "second": lambda of: of.second,
    "date": lambda of: of.date(),
    "time": lambda of: of.time(),
}
COMPARISONS = frozenset({*_TEXTS, *_ANY, "in", "range", "isnull"})

Condition = tuple[list[str], Any]


def meant(fleet: Iterable[OpenEdXInstance], lookups: Mapping[str, Any]) -> set[int]:
    """Return the ids that the lookups mean. Raise TypeError if a value has no meaning."""
    conditions = [(name.split("__"), value) for name, value in lookups.items()]
    return {item.pk for item in fleet if _fits(item, conditions)}


def _fits(row: Model | None, conditions: Iterable[Condition]) -> bool:
    """Apply conditions that go over one relation to the same row at its other end."""
    over: dict[str, list[Condition]] = defaultdict(list)
    all_fit = True
    for parts, value in conditions:
        if (name := _relation(row, parts[0])) is not None:
            rest = parts[1:]
            # A relation that is compared is compared by the id at its other end.
            over[name].append((["pk", *rest] if _is_end(rest) else rest, value))
        else:
            all_fit &= _compared(_value(row, parts[0]), parts[1:], value)
    return all_fit and all(
        any(_fits(other, those) for other in _others(row, name)) for name, those in over.items()
    )


def _is_end(parts: list[str]) -> bool:
    return not parts or parts[0] in COMPARISONS


def _relation(row: Model | None, name: str) -> str | None:
    if row is None:
        return None
    for field in row._meta.get_fields():
        if field.is_relation and field.name == name:
            return name
    return None


def _others(row: Model | None, name: str) -> list[Model | None]:
    if row is None:
        return [None]
    field: Any = row._meta.get_field(name)
    accessor = field.get_accessor_name() if field.auto_created else name
    result: Any = getattr(row, accessor, None)
    if field.one_to_many or field.many_to_many:
        return list(result.all()) or [None]
    return [result]


def _value(row: Model | None, name: str) -> Any:
    return None if row is None else getattr(row, name)


def _compared(has: Any, parts: list[str], wanted: Any) -> bool:
    while parts and parts[0] in _PARTS:
        has = None if has is None else _PARTS[parts[0]](has)
        parts = parts[1:]
    comparison = parts[0] if parts else "exact"
    if comparison == "isnull":
        return (has is None) is _of_type(True, wanted)
    if has is None:
        return False
    if comparison == "in":
        return has in [_of_type(has, item) for item in _listed(wanted)]
    if comparison == "range":
        least, greatest = (_of_type(has, item) for item in _listed(wanted))
        return bool(least <= has <= greatest)
    if comparison in _TEXTS:
        return _TEXTS[comparison](has, _of_type("", wanted))
    return _ANY[comparison](has, _of_type(has, wanted))


def _listed(wanted: Any) -> list[Any]:
    if not isinstance(wanted, list) or not wanted:
        raise TypeError(wanted)
    return wanted


def _of_type(has: Any, wanted: Any) -> Any:
    """Return a wanted text as the type of the value: YAML has no times."""
    if isinstance(has, datetime):
        result = datetime.fromisoformat(wanted)
        return result if result.tzinfo else result.replace(tzinfo=UTC)
    if isinstance(has, date):
        return date.fromisoformat(wanted)
    if isinstance(has, time):
        return time.fromisoformat(wanted)
    if type(wanted) is not type(has):
        raise TypeError(wanted)
    return wanted
