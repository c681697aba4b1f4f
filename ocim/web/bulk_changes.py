"""Changes that the page of the fleet offers for selected instances."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.http import HttpRequest

from ocim.core.errors import ValidationError
from ocim.operations import bulk, maintenance
from ocim.operations.bulk import Outcome
from ocim.store.models import OpenEdXInstance
from ocim.wiring import context, queue_name

MOST = 500
"""Maximum number of instances that are changed one by one while somebody waits."""
FIELDS = ("tag", "reason", "from", "until", "message")
DEFAULTS = {"message": maintenance.DEFAULT_MESSAGE}
Instances = QuerySet[OpenEdXInstance]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of many instances."""

    label: str
    done: str
    """Participle for the message afterwards."""
    run: Callable[[HttpRequest, Instances], Outcome]
    fields: tuple[str, ...] = ()
    consequence: str = ""
    most: int | None = MOST


def _tag(request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.tag(ids_of(instances), name=request.POST.get("tag", "").strip())


def _untag(request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.untag(ids_of(instances), name=request.POST.get("tag", "").strip())


def _hold(request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.hold(
        ids_of(instances),
        reason=request.POST.get("reason", ""),
        since=_day("from", request),
        until=_day("until", request),
        context=context(),
    )


def _release(_request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.release(instances)


def _spawn(request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.spawn_each(
        _live(instances),
        activate="activate" in request.POST,
        queue=queue_name(),
        context=context(),
        creator_id=request.user.pk,
    )


def _activate(request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.activate_newest(_live(instances), queue=queue_name(), creator_id=request.user.pk)


def _verify(_request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.verify(_live(instances), queue=queue_name())


def _begin_maintenance(request: HttpRequest, instances: Instances) -> Outcome:
    message = request.POST.get("message", "").replace("\r\n", "\n")
    return bulk.begin_maintenance(_live(instances), message=message)


def _end_maintenance(_request: HttpRequest, instances: Instances) -> Outcome:
    return bulk.end_maintenance(instances)


CHANGES = {
    "tag": Change("Tag", "tagged", _tag, ("tag",), most=None),
    "untag": Change("Remove a tag", "changed", _untag, ("tag",), most=None),
    "hold": Change(
        "Hold",
        "held",
        _hold,
        ("reason", "from", "until"),
        "Rollouts leave them out. Days are those of each instance's time zone. A hold that an"
        " instance has already is replaced.",
    ),
    "release": Change("Release holds", "released", _release, (), "Rollouts include them again."),
    "spawn": Change(
        "Spawn app servers",
        "requested: app servers of",
        _spawn,
        ("activate",),
        "Each gets new app servers with its present configuration. For an upgrade of many"
        " instances, plan a rollout: it goes in batches, and stops when instances fail.",
    ),
    "activate": Change(
        "Activate the newest app servers",
        "requested: activation of the newest app server of",
        _activate,
        (),
        "Visitors of each instance are sent to its newest app server that runs, once that is"
        " healthy; app servers that serve now are retired.",
    ),
    "verify": Change(
        "Verify services",
        "requested: verification of the services of",
        _verify,
        (),
        "Ecommerce and course discovery are tested through their pages and APIs, as their users"
        " would. Nothing is bought.",
    ),
    "maintenance": Change(
        "Begin maintenance",
        "in maintenance",
        _begin_maintenance,
        ("message",),
        "Visitors see a page with this text instead of the sites, until you end the maintenance."
        " App servers go on.",
    ),
    "end-maintenance": Change(
        "End maintenance",
        "back from maintenance",
        _end_maintenance,
        (),
        "Visitors see the sites again.",
    ),
}


def ids_of(instances: Instances) -> list[int]:
    return list(instances.values_list("pk", flat=True))


def _live(instances: Instances) -> Instances:
    return instances.filter(ref_set__is_archived=False)


def _day(name: str, request: HttpRequest) -> date | None:
    text = request.POST.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError([f"{name}: {text!r} is no day, as 2026-06-12."]) from None
