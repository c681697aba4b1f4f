"""Changes of many instances at once, each through the use case that changes one."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import QuerySet

from ocim.core.actions import Action
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, OcimError, ValidationError
from ocim.core.jobs import ActivateJob
from ocim.core.states import AppServerState
from ocim.operations import audit, holds, jobs, maintenance, spawn
from ocim.operations.context import Context
from ocim.operations.shop import verification
from ocim.store.models import InstanceTag, OpenEdXInstance
from ocim.store.validators import validate_tag

Instances = QuerySet[OpenEdXInstance]
LONGEST_TAG = InstanceTag._meta.get_field("name").max_length or 0


@dataclass(slots=True)
class Outcome:
    """The instances that were changed, the faults of the others, and the actions that follow."""

    done: int = 0
    faults: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)


def tag(instance_ids: Collection[int], *, name: str) -> Outcome:
    """Give instances a tag. Raise ValidationError if it cannot be one."""
    faults = []
    try:
        validate_tag(name)
    except DjangoValidationError as error:
        faults += [f"tag: {text}" for text in error.messages]
    if len(name) > LONGEST_TAG:
        faults.append(f"tag: {len(name)} characters; the maximum is {LONGEST_TAG}.")
    if faults:
        raise ValidationError(faults)
    with transaction.atomic():
        row, _ = InstanceTag.objects.get_or_create(name=name)
        untagged = OpenEdXInstance.objects.filter(pk__in=instance_ids).exclude(tags=row)
        ids = _record_tags(untagged, lambda tags: [*tags, name])
        row.openedxinstance_set.add(*ids)
    return Outcome(len(instance_ids))


def untag(instance_ids: Collection[int], *, name: str) -> Outcome:
    """Remove a tag from instances. Raise ValidationError if no instance has it."""
    row = InstanceTag.objects.filter(name=name).first()
    if row is None:
        raise ValidationError([f"tag: no instance has the tag {name!r}."])
    with transaction.atomic():
        tagged = row.openedxinstance_set.filter(pk__in=instance_ids)
        ids = _record_tags(tagged, lambda tags: [tag for tag in tags if tag != name])
        row.openedxinstance_set.remove(*ids)
    return Outcome(len(ids))


def _record_tags(instances: Instances, change: Callable[[list[str]], list[str]]) -> list[int]:
    """Record the change of the tags of each instance. Return the instances' ids."""
    fields = ("name", "internal_lms_domain", "ref_set__organization")
    known = instances.select_related("ref_set").only(*fields).prefetch_related("tags")
    rows = list(known.order_by("pk"))
    old = {row.pk: sorted(tag.name for tag in row.tags.all()) for row in rows}
    audit.record_many(
        AuditAction.INSTANCE_CHANGE,
        [(row, {"tags": old[row.pk]}, {"tags": sorted(change(old[row.pk]))}) for row in rows],
    )
    return list(old)


def hold(
    instance_ids: Iterable[int],
    *,
    reason: str,
    since: date | None,
    until: date | None,
    context: Context,
) -> Outcome:
    """Hold all the instances, or none: raise ValidationError if there is no reason or day."""
    outcome = Outcome()
    with transaction.atomic():
        for pk in instance_ids:
            holds.hold(pk, reason=reason, since=since, until=until, context=context)
            outcome.done += 1
    return outcome


def release(instances: Iterable[OpenEdXInstance]) -> Outcome:
    """Remove the holds of the instances that have one."""
    return _each(
        [instance for instance in instances if instance.ref_set.hold_reason],
        lambda instance: holds.release(instance.pk),
    )


def spawn_each(
    instances: Iterable[OpenEdXInstance],
    *,
    activate: bool,
    queue: str,
    context: Context,
    creator_id: int | None,
) -> Outcome:
    """Request new app servers for each instance."""

    def request(instance: OpenEdXInstance) -> list[Action]:
        _, job = spawn.request(
            instance=instance,
            queue=queue,
            context=context,
            activate=activate,
            creator_id=creator_id,
        )
        return [jobs.wake_up(job)]

    return _each(instances, request)


def activate_newest(
    instances: Iterable[OpenEdXInstance], *, queue: str, creator_id: int | None
) -> Outcome:
    """Request for each instance that its newest app server that runs serves it."""

    def request(instance: OpenEdXInstance) -> list[Action]:
        running = instance.appserver_set.filter(state=AppServerState.RUNNING)
        newest = running.order_by("-id").first()
        if newest is None:
            raise Conflict("it has no app server that runs.")
        if newest.is_active:
            raise Conflict(f"its newest app server, {newest.pk}, serves it already.")
        payload = ActivateJob((newest.pk,))
        job = jobs.submit(target=instance, payload=payload, queue=queue, creator_id=creator_id)
        return [jobs.wake_up(job)]

    return _each(instances, request)


def verify(instances: Iterable[OpenEdXInstance], *, queue: str) -> Outcome:
    """Request a verification of the services of each instance, without a purchase."""
    return _each(
        instances,
        lambda instance: [
            jobs.wake_up(verification.request(instance, purchase=False, queue=queue))
        ],
    )


def begin_maintenance(instances: Iterable[OpenEdXInstance], *, message: str) -> Outcome:
    """Let visitors of all the instances see a page with the message, or of none.

    Raise ValidationError if the message cannot be shown.
    """
    outcome = Outcome()
    with transaction.atomic():
        for instance in instances:
            outcome.actions += maintenance.begin(instance.pk, message=message)
            outcome.done += 1
    return outcome


def end_maintenance(instances: Iterable[OpenEdXInstance]) -> Outcome:
    """Let visitors of the instances that are in maintenance see the sites again."""
    return _each(
        [instance for instance in instances if instance.maintenance],
        lambda instance: maintenance.end(instance.pk),
    )


def _each(
    instances: Iterable[OpenEdXInstance], change: Callable[[OpenEdXInstance], list[Action]]
) -> Outcome:
    """Change one after the other. A fault of one keeps none of the others from it."""
    outcome = Outcome()
    for instance in instances:
        try:
            outcome.actions += change(instance)
            outcome.done += 1
        except OcimError as error:
            outcome.faults.append(f"{instance}: {error}")
    return outcome
