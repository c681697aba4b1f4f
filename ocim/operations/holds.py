"""The hold of an instance: it keeps the instance out of rollouts."""

from datetime import date

from django.db import transaction

from ocim.core.actions import Action, DriveRollout
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, ValidationError
from ocim.core.holds import today
from ocim.core.states import RolloutState, UpgradeState
from ocim.operations import audit
from ocim.operations.context import Context
from ocim.store.models import InstanceReference, OpenEdXInstance, Upgrade

LONGEST = InstanceReference._meta.get_field("hold_reason").max_length or 0


def hold(
    instance_id: int, *, reason: str, since: date | None, until: date | None, context: Context
) -> None:
    """Hold the instance: rollouts leave it out between these days, in its own time zone.

    An upgrade that has started goes on. Raise ValidationError if there is no reason, or if the days
    are over.
    """
    reason, faults = reason.strip(), []
    if not reason or not reason.isprintable() or len(reason) > LONGEST:
        faults.append(f"reason: must be one line of at most {LONGEST} characters.")
    zone = OpenEdXInstance.objects.values_list("time_zone", flat=True).get(pk=instance_id)
    if until and until < today(context.now(), zone):
        faults.append(f"until: {until} is in the past.")
    if since and until and until < since:
        faults.append(f"until: {until} is before the first day, {since}.")
    if faults:
        raise ValidationError(faults)
    after = {"hold_reason": reason, "held_from": since, "held_until": until}
    with transaction.atomic():
        instance, before = _with_hold(instance_id)
        audit.record(AuditAction.INSTANCE_HOLD, instance, before=before, after=after)
        InstanceReference.objects.filter(pk=instance_id).update(**after)


def release(instance_id: int) -> list[Action]:
    """Remove the hold, so that rollouts include the instance. Raise Conflict if there is none."""
    held = InstanceReference.objects.filter(pk=instance_id).exclude(hold_reason="")
    with transaction.atomic():
        instance, before = _with_hold(instance_id)
        if not held.update(hold_reason="", held_from=None, held_until=None):
            raise Conflict("The instance is not held: rollouts include it.")
        audit.record(AuditAction.INSTANCE_RELEASE, instance, before=before)
    waiting = Upgrade.objects.filter(
        instance=instance_id, state=UpgradeState.PENDING, rollout__state=RolloutState.RUNNING
    )
    return [DriveRollout(pk) for pk in waiting.values_list("rollout_id", flat=True)]


def _with_hold(instance_id: int) -> tuple[OpenEdXInstance, dict[str, object]]:
    """Return the instance, and the fields of its hold as they are; none if there is no hold."""
    instance = OpenEdXInstance.objects.select_related("ref_set").get(pk=instance_id)
    names = ("hold_reason", "held_from", "held_until")
    reference = instance.ref_set
    fields = {name: getattr(reference, name) for name in names}
    return instance, fields if reference.hold_reason else {}
