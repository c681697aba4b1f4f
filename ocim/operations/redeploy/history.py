"""The history of a mass upgrade: who did what to it as a whole, and what it did by itself."""

from ocim.core.states import Happening
from ocim.store.models import Rollout, RolloutEvent


def happened(rollout: Rollout, kind: Happening, *, reason: str = "", by: str = "") -> None:
    """Write it down, in the transaction that makes it so."""
    RolloutEvent.objects.create(rollout=rollout, kind=kind, reason=reason, by=by)
