"""Filters of the fleet: which instances a page, the API or a selection is about, in one value."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from ocim.core.errors import ValidationError
from ocim.core.instance import ALWAYS, Service
from ocim.core.states import InstanceState
from ocim.core.texts import listed

LONGEST = 250
"""Maximum length of a value, in characters."""
LONGEST_ID = 18
"""Maximum number of digits in an id. Databases know no longer ones."""
MOST_WORDS = 8
"""Maximum number of words to search for."""
MOST_VALUES = 1000
"""Maximum number of values of one field."""
ORDERS = ("name", "release", "organization", "created")
"""Orders of a list. A dash before the name turns the order round: `-created` is newest first."""


class Health(StrEnum):
    """Health of instances that are on the web, by the last look at their active app servers."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """An active app server does not answer well."""


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class FleetFilter:
    """A selection of instances, and its order. Empty fields select all but archived instances.

    Several values of one field mean any of them. Several fields mean all of them.
    """

    q: str = ""
    """Words, each of which is in the name, a domain or the organization, or is the id."""
    release: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    service: tuple[Service, ...] = ()
    """Optional services that are enabled."""
    provisioner: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    state: tuple[InstanceState, ...] = ()
    """States; without any, all but archived."""
    organization: tuple[str, ...] = ()
    health: tuple[Health, ...] = ()
    held: bool | None = None
    """True: has a hold that is in force or will be. False: has none."""
    maintenance: bool | None = None
    """True: visitors see a maintenance page instead of the site. False: they do not."""
    id: tuple[int, ...] = ()
    sort: str = "name"
    """An order of ORDERS, perhaps with a dash before it."""

    @classmethod
    def parse(cls, query: Mapping[str, Sequence[str]], *, besides: Collection[str] = ()) -> Self:
        """Return the filter of a query string, as lists of values by name. Leave out empty values.

        `besides` names parameters that are not the filter's. Raise ValidationError with every
        unknown parameter and every value that does not fit.
        """
        faults: list[str] = []
        values: dict[str, Any] = {}
        for name, texts in query.items():
            written = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
            if name in besides or not written:
                continue
            if name not in _READERS:
                close = get_close_matches(name, _READERS, n=1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                faults.append(f"Unknown filter {name!r}.{hint}")
                continue
            try:
                values[name] = _read(name, written)
            except ValidationError as error:
                faults += error.faults
        if faults:
            raise ValidationError(faults, remedy=f"Filters are {listed(_READERS)}.")
        return cls(**values)

    def as_pairs(self) -> list[tuple[str, str]]:
        """Return names and values; `parse` is the inverse."""
        pairs = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            for item in value if isinstance(value, tuple) else (value,):
                text = {True: "yes", False: "no"}[item] if isinstance(item, bool) else str(item)
                pairs.append((field.name, text))
        return pairs

    def as_query(self) -> str:
        """Return the query string; it is the same for equal filters."""
        return urlencode(self.as_pairs())

    @property
    def selects_all(self) -> bool:
        """True if nothing but the order is set."""
        return all(name == "sort" for name, _ in self.as_pairs())


def _read(name: str, texts: list[str]) -> Any:
    """Return the value of a field. Raise ValidationError with each text that does not fit."""
    faults, values = [], []
    if len(texts) > MOST_VALUES:
        raise ValidationError([f"{name}: {len(texts)} values; the maximum is {MOST_VALUES}."])
    for text in texts:
        if len(text) > LONGEST or not text.isprintable():
            faults.append(f"{name}: {text[:40]!r} is no line of at most {LONGEST} characters.")
            continue
        try:
            values.append(_READERS[name](text))
        except ValidationError as error:
            faults += [f"{name}: {fault}" for fault in error.faults]
    if len(values) > 1 and name in _SINGLE:
        faults.append(f"{name}: takes one value, but has {len(values)}.")
    if faults:
        raise ValidationError(faults)
    return values[0] if name in _SINGLE else tuple(values)


def _of(choices: Mapping[str, Value]) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        if text not in choices:
            raise ValidationError([f"{text!r} is none of {listed(choices, 'or')}."])
        return choices[text]

    return read


def _words(text: str) -> str:
    if len(text.split()) > MOST_WORDS:
        raise ValidationError([f"more than {MOST_WORDS} words."])
    return " ".join(text.split())


def _id(text: str) -> int:
    if not (text.isdecimal() and text.isascii()) or len(text) > LONGEST_ID:
        raise ValidationError([f"{text!r} is no id of an instance."])
    return int(text)


_SINGLE = frozenset({"q", "held", "maintenance", "sort"})
_YES_OR_NO = {"yes": True, "no": False}
_READERS: Mapping[str, Callable[[str], Any]] = {
    "q": _words,
    "release": str,
    "tag": str,
    "service": _of({service.value: service for service in Service if service not in ALWAYS}),
    "provisioner": str,
    "provider": str,
    "state": _of({state.value: state for state in InstanceState}),
    "organization": str,
    "health": _of({health.value: health for health in Health}),
    "held": _of(_YES_OR_NO),
    "maintenance": _of(_YES_OR_NO),
    "id": _id,
    "sort": _of({f"{dash}{order}": f"{dash}{order}" for order in ORDERS for dash in ("", "-")}),
}
