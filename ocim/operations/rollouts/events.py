"""The history of a rollout as a whole: commands of people, and what it did by itself."""

from collections.abc import Mapping

from ocim.catalog.secrets.masking import mask_text
from ocim.core.actions import Action, SendNotices
from ocim.core.audit import AuditAction
from ocim.core.states import NOTICED, RolloutEventKind
from ocim.operations import audit
from ocim.store.models import Rollout, RolloutEvent

RECORDED: Mapping[RolloutEventKind, AuditAction] = {
    RolloutEventKind.SCHEDULED: AuditAction.ROLLOUT_SCHEDULE,
    RolloutEventKind.STARTED: AuditAction.ROLLOUT_BEGIN,
    RolloutEventKind.PAUSED: AuditAction.ROLLOUT_PAUSE,
    RolloutEventKind.STOPPED: AuditAction.ROLLOUT_STOP,
    RolloutEventKind.RESUMED: AuditAction.ROLLOUT_RESUME,
    RolloutEventKind.ABORTED: AuditAction.ROLLOUT_ABORT,
    RolloutEventKind.RETRIED: AuditAction.ROLLOUT_RETRY,
    RolloutEventKind.UNDONE: AuditAction.ROLLOUT_UNDO,
    RolloutEventKind.NOT_UNDONE: AuditAction.ROLLOUT_FAIL_TO_UNDO,
    RolloutEventKind.ENDED: AuditAction.ROLLOUT_END,
}
"""The words under which events are recorded in the audit log, too."""


def record_event(
    rollout: Rollout, kind: RolloutEventKind, *, reason: str = "", by: str = ""
) -> list[Action]:
    """Store an event, in the transaction that makes it true. Return the actions that follow."""
    audit.record(RECORDED[kind], rollout, after={"reason": reason} if reason else {})
    event = RolloutEvent.objects.create(rollout=rollout, kind=kind, reason=mask_text(reason), by=by)
    return [SendNotices(event.pk)] if kind in NOTICED else []
