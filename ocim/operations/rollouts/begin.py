"""A plan becomes a rollout: one transaction, and the workers go on from there."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction

from ocim.core.actions import Action, DriveRollout
from ocim.core.errors import ValidationError
from ocim.core.rollout import Rules
from ocim.core.states import RolloutEventKind
from ocim.core.windows import Window
from ocim.operations.context import Context
from ocim.operations.rollouts.events import record_event
from ocim.operations.rollouts.plan import Plan, drift
from ocim.store.models import Rollout, Upgrade


def begin(
    plan: Plan,
    *,
    rules: Rules,
    arguments: Mapping[str, Any],
    queue: str,
    context: Context,
    activate: bool = True,
    strict_sql: bool = False,
    backup: bool = False,
    creator_id: int | None = None,
    started_by: str = "",
) -> tuple[Rollout, list[Action]]:
    """Write the rollout down.

    ValidationError where an instance has drifted since it was planned.
    """
    with transaction.atomic():
        if drifted := drift(plan, context):
            raise ValidationError(
                drifted, remedy="Plan again: this plan was made for another state."
            )
        rollout = Rollout.objects.create(
            tag=plan.tag,
            arguments=dict(arguments),
            rules=rules_to_json(rules),
            update=dict(plan.update),
            sql=list(plan.sql),
            strict_sql=strict_sql,
            backup=backup,
            activate=activate,
            plan_hash=plan.hash,
            queue=queue,
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


def rules_to_json(rules: Rules) -> dict[str, Any]:
    """What the database keeps of them."""
    return {
        **asdict(rules),
        "stagger": rules.stagger.total_seconds(),
        "window": str(rules.window) if rules.window else None,
    }


def rules_from_json(kept: Mapping[str, Any]) -> Rules:
    """The inverse."""
    window = kept["window"]
    return Rules(
        **{
            **kept,
            "stagger": timedelta(seconds=kept["stagger"]),
            "window": Window.of(window) if window else None,
        }
    )
