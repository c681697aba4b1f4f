"""The beginning of a rollout: one transaction stores the plan, and the workers go on from there."""

from django.db import transaction

from ocim.core.actions import Action, DriveRollout
from ocim.core.errors import ValidationError
from ocim.core.states import RolloutEventKind
from ocim.operations.context import Context
from ocim.operations.rollouts.events import record_event
from ocim.operations.rollouts.plan import Plan, drift
from ocim.store.models import Rollout, Upgrade


def begin(
    plan: Plan, *, context: Context, creator_id: int | None = None, started_by: str = ""
) -> tuple[Rollout, list[Action]]:
    """Store the rollout and return it with the actions that start it.

    Who asks for it is a user, by `creator_id`, or the name `started_by`. Raise ValidationError if
    an instance has drifted since it was planned.
    """
    request = plan.request
    with transaction.atomic():
        if drifted := drift(plan, context):
            raise ValidationError(
                drifted, remedy="Plan again: this plan was made for another state."
            )
        rollout = Rollout.objects.create(
            tag=request.tag,
            arguments=arguments(plan),
            rules=request.rules(len(plan.items)).to_json(),
            update=dict(request.update),
            sql=list(request.sql),
            strict_sql=request.strict_sql,
            backup=request.backup,
            activate=request.activate,
            plan_hash=plan.hash,
            queue=request.queue,
            creator_id=creator_id,
            started_by=started_by,
        )
        Upgrade.objects.bulk_create(
            Upgrade(
                rollout=rollout,
                instance_id=item.instance_id,
                label=item.label,
                wave=item.wave,
                before=dict(item.before),
                after=dict(item.after),
                variables=list(item.variables),
            )
            for item in plan.items
        )
        by = str(rollout.creator) if rollout.creator else started_by
        actions = record_event(rollout, RolloutEventKind.STARTED, by=by)
    return rollout, [*actions, DriveRollout(rollout.pk)]


def arguments(plan: Plan) -> dict[str, object]:
    """Return the options that the record has: those that say something, without the queue."""
    options = plan.request.as_options()
    return {name: value for name, value in options.items() if value and name != "queue"}
