"""The history of a rollout: who did what to it as a whole, and what it did by itself."""

from ocim.catalog.secrets.masking import mask_text
from ocim.core.actions import Action, SendNotices
from ocim.core.states import NOTICED, RolloutEventKind
from ocim.store.models import Rollout, RolloutEvent


def record_event(
    rollout: Rollout, kind: RolloutEventKind, *, reason: str = "", by: str = ""
) -> list[Action]:
    """Write it down, in the transaction that makes it so; what is to be done about it then."""
    event = RolloutEvent.objects.create(rollout=rollout, kind=kind, reason=mask_text(reason), by=by)
    return [SendNotices(event.pk)] if kind in NOTICED else []
