"""The hold of an instance: it keeps the instance out of rollouts."""

from datetime import date

from ocim.core.actions import Action, DriveRollout
from ocim.core.errors import Conflict, ValidationError
from ocim.core.holds import today
from ocim.core.states import RolloutState, UpgradeState
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
    InstanceReference.objects.filter(pk=instance_id).update(
        hold_reason=reason, held_from=since, held_until=until
    )


def release(instance_id: int) -> list[Action]:
    """Remove the hold, so that rollouts include the instance. Raise Conflict if there is none."""
    held = InstanceReference.objects.filter(pk=instance_id).exclude(hold_reason="")
    if not held.update(hold_reason="", held_from=None, held_until=None):
        raise Conflict("The instance is not held: rollouts include it.")
    waiting = Upgrade.objects.filter(
        instance=instance_id, state=UpgradeState.PENDING, rollout__state=RolloutState.RUNNING
    )
    return [DriveRollout(pk) for pk in waiting.values_list("rollout_id", flat=True)]
