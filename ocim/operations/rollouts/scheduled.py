"""Rollouts that begin at a time: whoever drives them then plans them anew, and tells what differs.

Between the confirmation and that time instances are created, edited, held and archived.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ocim.core.access import Right
from ocim.core.actions import Action
from ocim.core.actors import Actor, ActorKind, acting_as
from ocim.core.errors import PermanentError, ValidationError
from ocim.core.states import RolloutEventKind, RolloutState, UpgradeState
from ocim.core.texts import listed
from ocim.operations.access import access_of
from ocim.operations.context import Context
from ocim.operations.rollouts.begin import create_upgrades, of_plan
from ocim.operations.rollouts.events import record_event
from ocim.operations.rollouts.plan import Plan, make_plan
from ocim.operations.rollouts.request import read_request
from ocim.operations.rollouts.selection import within
from ocim.store.models import Rollout

LATEST = timedelta(hours=1)
"""Time after which a rollout that could not begin does not begin any more: a rollout of the night
must not begin in the morning."""
MOST_NAMES = 5
"""Maximum number of instances that an event names of each kind of difference."""


def begin_due(rollout_id: int, context: Context) -> list[Action]:
    """Begin a scheduled rollout whose time has come, with the instances as they are now.

    It is aborted if it is too late, or cannot be planned any more.
    """
    now = context.now()
    rollouts = Rollout.objects.filter(state=RolloutState.SCHEDULED, begins_at__lte=now)
    rollout = rollouts.select_related("creator").filter(pk=rollout_id).first()
    if rollout is None:
        return []
    creator = rollout.creator
    by = str(creator) if creator else rollout.started_by
    with acting_as(Actor(ActorKind.WORKER, by, context.machine, rollout.creator_id)):
        if now > rollout.begins_at + LATEST:
            return _abort(rollout, f"It did not begin: no worker ran at {_time(rollout)}.")
        try:
            plan = _plan(rollout, context)
        except (ValidationError, PermanentError) as error:
            return _abort(rollout, f"It did not begin at {_time(rollout)}: {error}")
        return _begin(rollout, plan, context)


def _plan(rollout: Rollout, context: Context) -> Plan:
    """Return the plan of what was confirmed, for the instances that its creator may release now.

    Raise ValidationError if it does not hold any more.
    """
    creator = rollout.creator
    if not creator and not rollout.started_by:
        raise ValidationError(["The account that scheduled it was removed."])
    allowed = access_of(creator).organizations(Right.RELEASE) if creator else None
    if allowed == frozenset():
        raise ValidationError([f"{creator} may not release instances any more."])
    request = read_request({**rollout.arguments, "queue": rollout.queue})
    plan = make_plan(within(replace(request, at=None), allowed), context=context)
    if not plan.items:
        raise ValidationError(["No instance is to be upgraded any more.", *_gone(rollout, plan)])
    return plan


def _begin(rollout: Rollout, plan: Plan, context: Context) -> list[Action]:
    with transaction.atomic():
        values = {"state": RolloutState.RUNNING, "begins_at": context.now(), **of_plan(plan)}
        if not _scheduled(rollout).update(**values):
            return []
        reason = " ".join(_differences(rollout, plan)) or "Nothing differs from the plan."
        rollout.upgrades.all().delete()
        create_upgrades(rollout, plan)
        return record_event(rollout, RolloutEventKind.STARTED, reason=reason)


def _abort(rollout: Rollout, reason: str) -> list[Action]:
    with transaction.atomic():
        if not _scheduled(rollout).update(state=RolloutState.ABORTED, reason=reason):
            return []
        rollout.upgrades.update(state=UpgradeState.CANCELLED)
        return record_event(rollout, RolloutEventKind.ABORTED, reason=reason)


def _scheduled(rollout: Rollout) -> "QuerySet[Rollout]":
    """Return the rollout's row, if nobody began or aborted it meanwhile."""
    return Rollout.objects.filter(pk=rollout.pk, state=RolloutState.SCHEDULED)


def _time(rollout: Rollout) -> str:
    return f"{rollout.begins_at:%Y-%m-%d %H:%M} UTC"


def _differences(rollout: Rollout, plan: Plan) -> Iterator[str]:
    """Yield a sentence for each way in which the plan differs from the one that was confirmed."""
    confirmed = {upgrade.instance_id: upgrade for upgrade in rollout.upgrades.order_by("id")}
    added = [item.label for item in plan.items if item.instance_id not in confirmed]
    others = [
        item.label
        for item in plan.items
        if (upgrade := confirmed.get(item.instance_id)) and _effect(upgrade) != _effect(item)
    ]
    if added:
        yield f"Since it was confirmed, these joined: {_names(added)}."
    yield from _gone(rollout, plan)
    if others:
        yield f"Other values change than confirmed in {_names(others)}."


def _gone(rollout: Rollout, plan: Plan) -> Iterator[str]:
    """Yield a sentence with the instances that were confirmed, and are left out now."""
    planned = {item.instance_id for item in plan.items}
    reasons: Mapping[str, str] = dict(plan.left_out)
    gone = [
        f"{label} ({reasons[label]})" if label in reasons else label
        for pk, label in rollout.upgrades.order_by("id").values_list("instance", "label")
        if pk not in planned
    ]
    if gone:
        yield f"Left out since: {_names(gone)}."


def _effect(part: Any) -> Any:
    """Return what is done to an instance, as JSON has it, of an upgrade or a plan's item."""
    return json.loads(json.dumps([part.before, part.after, part.variables], default=str))


def _names(labels: Iterable[str]) -> str:
    names = list(labels)
    more = len(names) - MOST_NAMES
    return listed([*names[:MOST_NAMES], f"{more} more"] if more > 0 else names)
