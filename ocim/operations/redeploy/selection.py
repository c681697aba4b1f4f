"""Which instances a mass upgrade is for, and which it leaves out, and why."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import QuerySet

from ocim.core.errors import BadInput
from ocim.store.models import OpenEdXInstance

FAILED = "-failed"
"""What is put behind the tag of instances that failed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Instances in the order of their ids; `left_out` says why of each that is not among them."""

    chosen: tuple[OpenEdXInstance, ...]
    left_out: tuple[tuple[OpenEdXInstance, str], ...]


def select(
    *,
    tag: str,
    including: Mapping[str, Any],
    excluding: Mapping[str, Any],
    retry_failed: bool = False,
) -> Selection:
    """Apply the filters, as `OpenEdXInstance.objects.filter` and `exclude` do.

    BadInput names every field that there is not, with the nearest that there is, and every value
    that does not fit. Nothing is written.
    """
    fleet = (
        OpenEdXInstance.objects.filter(ref_set__is_archived=False)
        .select_related("ref_set", "database_server")
        .prefetch_related("tags")
    )
    faults: list[str] = []
    matched = _narrowed(fleet, "filter", including, faults)
    excluded = _narrowed(fleet, "exclude", excluding, faults) if excluding else fleet.none()
    if faults:
        raise BadInput(faults)
    # By id, so that a filter over tags cannot select an instance twice.
    out = set(excluded.values_list("pk", flat=True))
    chosen, left_out = [], []
    for instance in fleet.filter(pk__in=matched.values("pk")).exclude(pk__in=out).order_by("pk"):
        if reason := _unfit(instance, tag, retry_failed=retry_failed):
            left_out.append((instance, reason))
        else:
            chosen.append(instance)
    return Selection(tuple(chosen), tuple(left_out))


def _unfit(instance: OpenEdXInstance, tag: str, *, retry_failed: bool) -> str:
    tags = {one.name for one in instance.tags.all()}
    if tag in tags:
        return f"it is tagged {tag} already"
    if tag + FAILED in tags and not retry_failed:
        return f"it is tagged {tag}{FAILED}; --retry-failed takes it again"
    if not instance.successfully_provisioned:
        return "no app server of it was ever provisioned"
    return ""


def _narrowed(
    fleet: "QuerySet[OpenEdXInstance]",
    option: str,
    lookups: Mapping[str, Any],
    faults: list[str],
) -> "QuerySet[OpenEdXInstance]":
    """The fleet narrowed by each of the lookups in turn, so that each fault is found."""
    narrowed = fleet
    good: dict[str, Any] = {}
    for lookup, value in lookups.items():
        try:
            str(fleet.filter(**{lookup: value}).query)
        except FieldError:
            faults.append(f"--{option}: {lookup!r} is no field to filter by{_nearest(lookup)}.")
        except (TypeError, ValueError, ValidationError):
            faults.append(f"--{option}: {lookup}: {value!r} does not fit.")
        else:
            good[lookup] = value
    return narrowed.filter(**good)


def _nearest(lookup: str) -> str:
    names = [field.name for field in OpenEdXInstance._meta.get_fields()]
    return nearest(lookup.split("__", maxsplit=1)[0], names)


def nearest(name: str, names: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing where no name is like it."""
    found = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {found[0]}?" if found else ""
