"""The beginning of a rollout: one transaction stores the plan, and the workers go on from there."""

from typing import Any

from django.db import transaction

from ocim.core.actions import Action, DriveRollout
from ocim.core.errors import ValidationError
from ocim.core.states import RolloutEventKind, RolloutState
from ocim.operations.context import Context
from ocim.operations.rollouts.events import record_event
from ocim.operations.rollouts.plan import Plan, drift, faults_of_time
from ocim.store.models import Rollout, Upgrade


def begin(
    plan: Plan, *, context: Context, creator_id: int | None = None, started_by: str = ""
) -> tuple[Rollout, list[Action]]:
    """Store the rollout and return it with the actions that start it, now or at its time.

    Who asks for it is a user, by `creator_id`, or the name `started_by`. Raise ValidationError if
    an instance has drifted since it was planned, or the rollout's time has passed.
    """
    request = plan.request
    with transaction.atomic():
        if drifted := [*faults_of_time(request, context.now()), *drift(plan, context)]:
            raise ValidationError(
                drifted, remedy="Plan again: this plan was made for another state."
            )
        times = {"state": RolloutState.SCHEDULED, "begins_at": request.at} if request.at else {}
        rollout = Rollout.objects.create(
            tag=request.tag,
            arguments=arguments(plan),
            update=dict(request.update),
            sql=list(request.sql),
            strict_sql=request.strict_sql,
            backup=request.backup,
            activate=request.activate,
            queue=request.queue,
            creator_id=creator_id,
            started_by=started_by,
            **times,
            **of_plan(plan),
        )
        create_upgrades(rollout, plan)
        by = str(rollout.creator) if rollout.creator else started_by
        kind = RolloutEventKind.SCHEDULED if request.at else RolloutEventKind.STARTED
        reason = f"It begins at {request.at:%Y-%m-%d %H:%M} UTC." if request.at else ""
        actions = record_event(rollout, kind, by=by, reason=reason)
    return rollout, [*actions, DriveRollout(rollout.pk, request.at)]


def of_plan(plan: Plan) -> dict[str, Any]:
    """Return the fields of a rollout that depend on the instances of its plan."""
    return {"rules": plan.request.rules(len(plan.items)).to_json(), "plan_hash": plan.hash}


def create_upgrades(rollout: Rollout, plan: Plan) -> None:
    """Store an upgrade for each instance of the plan."""
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


def arguments(plan: Plan) -> dict[str, object]:
    """Return the options that the record has: those that say something, without the queue."""
    options = plan.request.as_options()
    return {name: value for name, value in options.items() if value and name != "queue"}
