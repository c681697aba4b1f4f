"""Changes of many instances at once, each through the use case that changes one."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction

from ocim.core.actions import Action
from ocim.core.errors import OcimError, ValidationError
from ocim.operations import holds, jobs, spawn
from ocim.operations.context import Context
from ocim.store.models import InstanceTag, OpenEdXInstance
from ocim.store.validators import validate_tag

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
        row.openedxinstance_set.add(*instance_ids)
    return Outcome(len(instance_ids))


def untag(instance_ids: Collection[int], *, name: str) -> Outcome:
    """Remove a tag from instances. Raise ValidationError if no instance has it."""
    row = InstanceTag.objects.filter(name=name).first()
    if row is None:
        raise ValidationError([f"tag: no instance has the tag {name!r}."])
    tagged = row.openedxinstance_set.filter(pk__in=instance_ids)
    ids = list(tagged.values_list("pk", flat=True))
    row.openedxinstance_set.remove(*ids)
    return Outcome(len(ids))


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
