"""The history of a rollout as a whole: commands of people, and what it did by itself."""

from ocim.catalog.secrets.masking import mask_text
from ocim.core.actions import Action, SendNotices
from ocim.core.states import NOTICED, RolloutEventKind
from ocim.store.models import Rollout, RolloutEvent


def record_event(
    rollout: Rollout, kind: RolloutEventKind, *, reason: str = "", by: str = ""
) -> list[Action]:
    """Store an event, in the transaction that makes it true. Return the actions that follow."""
    event = RolloutEvent.objects.create(rollout=rollout, kind=kind, reason=mask_text(reason), by=by)
    return [SendNotices(event.pk)] if kind in NOTICED else []
