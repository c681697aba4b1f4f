"""Lookups of `--filter` and `--exclude`: the field that each names, and the values that it takes.

Django converts a value as well as it can: it takes the text "12" apart where a list belongs, and
compares a text with 1.1 where YAML read 1.10. Here a value of another type than its field's is
refused, and so is everything that could select nothing or everything without a word.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldError
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, models, transaction

from ocim.core.characters import hint
from ocim.core.errors import ValidationError
from ocim.core.secrets import without_credentials
from ocim.operations.rollouts.lookup_databases import on_this_database, try_out
from ocim.operations.rollouts.lookup_kinds import Kind, Refused, kind_of
from ocim.operations.rollouts.lookup_values import typed
from ocim.parsing.document import written
from ocim.store.fields import TOKEN, Encrypted, RepositoryUrlField
from ocim.store.models import OpenEdXInstance

_SECRET = "password"  # noqa: S105 - a part of fields' names
_ACCOUNT = f"://{TOKEN}"
"""The beginning of an encrypted account."""
_WHOLE = frozenset({"exact", "iexact", "in", "isnull", "endswith", "iendswith"})
"""Comparisons that a URL's encrypted account makes neither true nor false."""
_RELATED = frozenset({"exact", "in", "isnull"})
_ONE = frozenset({"exact", "isnull"})
_ORDERED = frozenset({"exact", "in", "gt", "gte", "lt", "lte", "range", "isnull"})
_TEXT = _ORDERED | {
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "regex",
    "iregex",
}


class _UnknownError(Exception):
    """Raised for a part of a lookup that is neither a field nor a comparison."""

    def __init__(self, kind: str, remedy: str) -> None:
        super().__init__(kind, remedy)
        self.kind = kind
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Lookup:
    """The parts of a lookup: `created__year__gte` compares the year of the field `created`."""

    path: str
    """The field, with its relations and transforms."""
    field: Any
    """The values to compare: the field's, or those that its transform makes of them."""
    comparison: str

    @property
    def comparisons(self) -> frozenset[str]:
        """Return the comparisons that the field has."""
        if self.field.is_relation:
            return _RELATED
        return {Kind.TEXT: _TEXT, Kind.FLAG: _ONE}.get(kind_of(self.field), _ORDERED)

    @classmethod
    def of(cls, name: str) -> "Lookup":
        """Take a lookup apart. Raise _UnknownError, with the nearest name, if a part is unknown."""
        parts = name.split("__")
        field, names = None, fields_of(OpenEdXInstance)
        path = []
        while parts and parts[0] in names:
            field = names[parts[0]]
            path.append(parts.pop(0))
            names = fields_of(field.related_model) if field.related_model else {}
        if field is None:
            raise _UnknownError("field", suggestion(parts[0], names))
        while parts and (transform := _transforms(field).get(parts[0])):
            field, names = transform.output_field, {}
            path.append(parts.pop(0))
        lookup = cls("__".join(path), field, parts[0] if parts else "exact")
        if lookup.comparison not in lookup.comparisons:
            known = [*names, *_transforms(field), *lookup.comparisons]
            possible = (
                f" After {lookup.path}, write one of {', '.join(sorted(lookup.comparisons))}."
            )
            raise _UnknownError("lookup", suggestion(lookup.comparison, known) or possible)
        if len(parts) > 1:
            raise _UnknownError("lookup", f" Nothing may follow __{lookup.comparison}.")
        return lookup


def check_lookups(option: str, lookups: Mapping[str, Any]) -> models.Q:
    """Return the condition that all the lookups make together.

    Raise ValidationError with every unknown lookup, with the nearest known one, and every value
    that does not fit, with what to write instead.
    """
    faults: list[str] = []
    good: list[tuple[str, Any]] = []
    for name, value in lookups.items():
        try:
            lookup = Lookup.of(str(name))
            _refuse_secret(lookup)
            _refuse_account(lookup, value)
            good.append(_checked(lookup, value, written(lookups, name)))
        except _UnknownError as error:
            fault = f"{option}: unknown {error.kind} {name!r}.{error.remedy}"
            faults.append(fault + hint(str(name)))
        except Refused as refused:
            faults.append(f"{option}: {name}: {refused}")
    if faults:
        raise ValidationError(faults)
    return models.Q(*good)


def fields_of(model: Any) -> dict[str, Any]:
    """Return a model's fields and relations by every name that lookups know them by."""
    fields = model._meta.get_fields()
    by_column = {
        field.attname: field
        for field in fields
        if field.many_to_one or field.one_to_one
        if hasattr(field, "attname")
    }
    return {**by_column, **{field.name: field for field in fields}, "pk": model._meta.pk}


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return ` Did you mean 'name'?` with the most similar name. Empty if none is similar."""
    similar = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean {similar[0]!r}?" if similar else ""


def _checked(lookup: Lookup, value: Any, raw: str) -> tuple[str, Any]:
    name, right = on_this_database(lookup, typed(lookup, value, raw))
    try:
        with transaction.atomic():
            try_out(lookup, OpenEdXInstance.objects.filter(**{name: right}), raw)
    except (TypeError, ValueError, OverflowError, FieldError, DjangoValidationError, DatabaseError):
        raise Refused(f"{raw} does not fit.") from None
    return name, right


def _refuse_secret(lookup: Lookup) -> None:
    field = lookup.field
    name = field.name or ""
    if isinstance(field, Encrypted):
        raise Refused(
            f"{name} is encrypted in the database, so that nobody can select instances by"
            " what it holds. Use another field, or tags."
        )
    if isinstance(field, models.JSONField) or _SECRET in name:
        raise Refused("nothing can be selected by this field: what it holds is not comparable.")


def _refuse_account(lookup: Lookup, value: Any) -> None:
    """Refuse what would compare the accounts in repositories' URLs: they are encrypted."""
    if not isinstance(lookup.field, RepositoryUrlField):
        return
    values = value if isinstance(value, list) else [value]
    if any(isinstance(url, str) and without_credentials(url) != url for url in values):
        raise Refused("the account in a URL is encrypted: nothing can be selected by it.")
    has_accounts = models.Q((f"{lookup.path}__contains", _ACCOUNT))
    if lookup.comparison not in _WHOLE and OpenEdXInstance.objects.filter(has_accounts).exists():
        raise Refused(
            f"some URLs hold an account, which is encrypted and cannot be compared. Use"
            f" {lookup.path}__endswith, the whole URL, or tags."
        )


def _transforms(field: Any) -> dict[str, Any]:
    known: dict[str, Any] = getattr(field, "get_lookups", dict)()
    return {
        name: lookup
        for name, lookup in known.items()
        if isinstance(lookup, type)
        if issubclass(lookup, models.Transform)
    }
