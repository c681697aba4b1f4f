"""The selection of instances for a rollout, and the reasons why others are left out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ocim.core.errors import ValidationError, gathered
from ocim.core.rollout_request import RolloutRequest
from ocim.operations.rollouts.lookups import check_lookups
from ocim.store.models import SHARED_SERVERS, InstanceReference, OpenEdXInstance, SharedSettings

AT_ONCE = 100
"""Maximum number of instances in memory at once."""
FAILED = "-failed"
"""Ending of the tag of instances that failed."""
LONG = (
    "configuration_extra_settings",
    "secret_seed",
    "jwt_private_key",
    "jwt_public_keys",
    "payment_processors",
)
"""Long fields that listing a fleet does not need."""


OF_ORGANIZATION = "ref_set__organization__in"
_OWN = {"pk", *(field.name for field in OpenEdXInstance._meta.fields if not field.is_relation)}
_OF_REFERENCE = {
    *("pk", "in", "isnull", "exact"),
    *(field.name for field in InstanceReference._meta.fields if not field.is_relation),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Selected instances in the order of their ids, and those that are left out."""

    chosen: tuple[int, ...]
    """Ids of the selected instances; `whole` reads the instances."""
    left_out: tuple[tuple[str, str], ...]
    """Labels of instances that are left out, each with the reason."""
    tags: frozenset[str]
    """Tags that any of the selected instances has."""


def within(request: RolloutRequest, organizations: frozenset[str] | None) -> RolloutRequest:
    """Return the request for instances of these organizations only; None: for the whole fleet.

    Raise ValidationError for lookups that lead to rows of other organizations: their answers would
    tell of these.
    """
    if organizations is None:
        return request
    faults = [
        f"{option}: {name}: a role for some organizations allows no lookup beyond the instance."
        for option, lookups in (("--filter", request.filter), ("--exclude", request.exclude))
        for name in lookups
        if not _stays(name.split("__"))
    ]
    if faults:
        raise ValidationError(faults)
    wanted = request.filter.get(OF_ORGANIZATION)
    allowed = sorted(organizations if wanted is None else organizations.intersection(wanted))
    return replace(request, filter={**request.filter, OF_ORGANIZATION: allowed})


def _stays(parts: list[str]) -> bool:
    """Return True if the parts of a lookup name a field of the instance, its notes or its tags."""
    match parts:
        case ["ref_set", name, *_]:
            return name in _OF_REFERENCE
        case ["tags"] | ["tags", "name" | "id" | "in" | "isnull" | "exact", *_]:
            return True
        case [name, *_]:
            return name in _OWN
    return False


def select(request: RolloutRequest, now: datetime) -> Selection:
    """Return the instances that a request selects, as Django's `filter` and `exclude` do.

    `exclude` leaves out what `filter` would select with the same lookups. Nothing is written. Raise
    ValidationError with every unknown field, and every value that does not fit.
    """
    fleet = (
        OpenEdXInstance.objects.filter(ref_set__is_archived=False)
        .select_related("ref_set")
        .prefetch_related("tags")
        .defer(*LONG)
    )
    wanted, unwanted = gathered(
        lambda: check_lookups("--filter", request.filter),
        lambda: check_lookups("--exclude", request.exclude),
    )
    matched = fleet.filter(wanted)
    excluded = fleet.filter(unwanted) if unwanted else fleet.none()
    # By id, so that a filter over tags cannot select an instance twice.
    selected = fleet.filter(pk__in=matched.values("pk")).exclude(pk__in=excluded.values("pk"))
    chosen, left_out, tags = [], [], set[str]()
    for instance in selected.order_by("pk").iterator(chunk_size=AT_ONCE):
        its_tags = {tag.name for tag in instance.tags.all()}
        if reason := _unfit(instance, its_tags, request, now):
            left_out.append((str(instance), reason))
        else:
            chosen.append(instance.pk)
            tags |= its_tags
    return Selection(tuple(chosen), tuple(left_out), frozenset(tags))


def whole(ids: Iterable[int]) -> dict[int, OpenEdXInstance]:
    """Return the instances that still exist, by id, with all that their variables depend on."""
    # Many instances share a server, and settings: each is read once, and is one object.
    complete = OpenEdXInstance.objects.select_related("ref_set").prefetch_related(
        "tags", *SHARED_SERVERS
    )
    instances = complete.in_bulk(list(ids))
    shared = dict(SharedSettings.objects.values_list("organization", "text"))
    for instance in instances.values():
        instance.shared_texts = shared
    return instances


def _unfit(
    instance: OpenEdXInstance, tags: set[str], request: RolloutRequest, now: datetime
) -> str:
    tag = request.tag
    if tag in tags:
        return f"it already has the tag {tag}"
    if tag + FAILED in tags and not request.retry_failed:
        return f"it has the tag {tag}{FAILED}; --retry-failed includes it"
    if not instance.successfully_provisioned:
        return "it has never had a working app server"
    if held := instance.hold.on(now):
        return f"it is held: {held}"
    return ""
