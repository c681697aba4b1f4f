"""Which instances a mass upgrade is for, and which it leaves out, and why."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from ocim.core.errors import BadInput
from ocim.store.fields import Encrypted
from ocim.store.models import OpenEdXInstance

AT_ONCE = 100
"""Instances that are in memory at the same time."""
FAILED = "-failed"
"""What is put behind the tag of instances that failed."""
LONG = (
    "configuration_extra_settings",
    "secret_seed",
    "jwt_private_key",
    "jwt_public_keys",
    "payment_processors",
)
"""What is not read of a fleet that is only listed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Instances in the order of their ids; `left_out` names those that are not, and says why."""

    chosen: tuple[int, ...]
    """Their ids: `whole` reads as many of them as are looked at at the same time."""
    left_out: tuple[tuple[str, str], ...]
    tags: frozenset[str]
    """Those that any of the chosen ones has."""


def select(
    *,
    tag: str,
    including: Mapping[str, Any],
    excluding: Mapping[str, Any],
    now: datetime,
    retry_failed: bool = False,
) -> Selection:
    """Apply the filters, as `OpenEdXInstance.objects.filter` and `exclude` do.

    BadInput names every field that there is not, with the nearest that there is, and every value
    that does not fit. Nothing is written.
    """
    fleet = (
        OpenEdXInstance.objects.filter(ref_set__is_archived=False)
        .select_related("ref_set")
        .prefetch_related("tags")
        .defer(*LONG)
    )
    faults: list[str] = []
    matched = _narrowed(fleet, "filter", including, faults)
    excluded = _narrowed(fleet, "exclude", excluding, faults) if excluding else fleet.none()
    if faults:
        raise BadInput(faults)
    # By id, so that a filter over tags cannot select an instance twice.
    selected = fleet.filter(pk__in=matched.values("pk")).exclude(pk__in=excluded.values("pk"))
    chosen, left_out, tags = [], [], set[str]()
    for instance in selected.order_by("pk").iterator(chunk_size=AT_ONCE):
        its_tags = {one.name for one in instance.tags.all()}
        if reason := _unfit(instance, its_tags, tag, now, retry_failed=retry_failed):
            left_out.append((str(instance), reason))
        else:
            chosen.append(instance.pk)
            tags |= its_tags
    return Selection(tuple(chosen), tuple(left_out), frozenset(tags))


def whole(ids: Iterable[int]) -> dict[int, OpenEdXInstance]:
    """Instances by id, those that are still there, with all that their variables are made of."""
    # The servers are shared by many: each is read once, and is one object.
    servers = ("database_server", "broker_server", "search_server")
    complete = OpenEdXInstance.objects.select_related("ref_set").prefetch_related("tags", *servers)
    return complete.in_bulk(list(ids))


def _unfit(
    instance: OpenEdXInstance, tags: set[str], tag: str, now: datetime, *, retry_failed: bool
) -> str:
    if tag in tags:
        return f"it is tagged {tag} already"
    if tag + FAILED in tags and not retry_failed:
        return f"it is tagged {tag}{FAILED}; --retry-failed takes it again"
    if not instance.successfully_provisioned:
        return "no app server of it was ever provisioned"
    if held := instance.hold.on(now):
        return f"it is held: {held}"
    return ""


def _narrowed(
    fleet: "QuerySet[OpenEdXInstance]",
    option: str,
    lookups: Mapping[str, Any],
    faults: list[str],
) -> "QuerySet[OpenEdXInstance]":
    """The fleet narrowed by all the lookups; each is tried alone, so that each fault is found."""
    good: dict[str, Any] = {}
    for lookup, value in lookups.items():
        if secret := _encrypted(lookup):
            faults.append(
                f"--{option}: {lookup}: {secret} is encrypted in the database, so that nobody can"
                " select instances by what it holds. Use another field, or tags."
            )
            continue
        if (hint := _hint(lookup)) is not None:
            faults.append(f"--{option}: {lookup!r} is no field to filter by{hint}.")
            continue
        try:
            with transaction.atomic():
                fleet.filter(**{lookup: value}).exists()
        except (TypeError, ValueError, FieldError, ValidationError, DatabaseError):
            faults.append(f"--{option}: {lookup}: {value!r} does not fit.")
        else:
            good[lookup] = value
    return fleet.filter(**good)


def _encrypted(lookup: str) -> str:
    """Return the name of the encrypted field that the lookup leads to; empty where it does not."""
    model: Any = OpenEdXInstance
    for part in str(lookup).split("__"):
        field = _fields(model).get(part) if model else None
        if isinstance(field, Encrypted):
            return part
        model = getattr(field, "related_model", None)
    return ""


def _hint(lookup: str) -> str | None:
    """What is like the part of the lookup that there is not; None where there are all."""
    model: Any = OpenEdXInstance
    names: Mapping[str, Any] = _fields(model)
    for part in str(lookup).split("__"):
        if part not in names:
            return nearest(part, names)
        found = names[part]
        if not hasattr(found, "related_model"):
            return None  # a comparison; what may follow a transformation is tried
        related = found.related_model
        comparisons: Mapping[str, Any] = getattr(found, "get_lookups", dict)()
        names = {**comparisons, **(_fields(related) if related else {})}
    return None


def _fields(model: Any) -> dict[str, Any]:
    fields = model._meta.get_fields()
    by_column = {f"{one.name}_id": one for one in fields if one.many_to_one or one.one_to_one}
    return {**by_column, **{one.name: one for one in fields}, "pk": model._meta.pk}


def nearest(name: str, names: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing where no name is like it."""
    found = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {found[0]}?" if found else ""
