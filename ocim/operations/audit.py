"""The audit log: use cases record their changes here, in the transaction of the change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from ocim.catalog.secrets.masking import masked_place
from ocim.core.access import FLEET
from ocim.core.actors import Actor, ActorKind, current_actor
from ocim.core.audit import AuditAction
from ocim.core.secrets import masked, without_credentials
from ocim.operations.access import organizations_of
from ocim.operations.instance_settings import EXTRA_SETTINGS, without_secrets
from ocim.store.models import (
    ApiToken,
    AuditEntry,
    BrokerServer,
    Chore,
    DatabaseServer,
    Job,
    LoadBalancingServer,
    MeilisearchServer,
    MongodbServer,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    SearchServer,
)

Values = Mapping[str, Any]
KINDS: Mapping[type[Model], str] = {
    ApiToken: "token",
    BrokerServer: "broker",
    Chore: "installation",
    DatabaseServer: "database-server",
    Job: "job",
    LoadBalancingServer: "balancer",
    MeilisearchServer: "meilisearch-server",
    MongodbServer: "mongodb-server",
    OpenEdXAppServer: "appserver",
    OpenEdXInstance: "instance",
    Rollout: "rollout",
    SearchServer: "search-server",
    User: "user",
}
"""Words for the kinds of rows that are changed."""
UNSEEN = "(only comments or secrets changed)"
"""Text for a change of extra settings of which nothing may be shown."""
_NAME = AuditEntry._meta.get_field("target_name").max_length or 0


@dataclass(frozen=True, slots=True)
class Target:
    """Object of a change."""

    kind: str
    id: str
    name: str
    instance_id: int | None = None
    organization: str = FLEET


def record(
    action: AuditAction,
    target: Model | Target,
    *,
    before: Values | None = None,
    after: Values | None = None,
    organization: str | None = None,
) -> None:
    """Record a change: who made it, from where, and the values that changed, masked.

    `organization` names whose admins may read the entry, if that is not the target's.
    """
    its = target if isinstance(target, Target) else target_of(target)
    if organization is not None:
        its = replace(its, organization=organization)
    _entry(action, its, before or {}, after or {}).save()


def record_many(action: AuditAction, changes: Iterable[tuple[Model, Values, Values]]) -> None:
    """Record the same kind of change of many rows: each with the values before and after."""
    AuditEntry.objects.bulk_create(
        (_entry(action, target_of(row), before, after) for row, before, after in changes),
        batch_size=500,
    )


def _entry(action: AuditAction, target: Target, before: Values, after: Values) -> AuditEntry:
    actor = current_actor()
    return AuditEntry(
        actor_kind=actor.kind,
        actor_name=actor.name[:250],
        actor_address=actor.address[:250],
        user_id=actor.user_id,
        action=action,
        target_kind=target.kind,
        target_id=target.id,
        target_name=target.name[:_NAME],
        instance_id=target.instance_id,
        organization=target.organization,
        before=_masked(before),
        after=_masked(after),
    )


def target_of(row: Model) -> Target:
    """Return a row as the object of a change."""
    instance_id, organization = None, FLEET
    match row:
        case OpenEdXInstance():
            instance_id, organization = row.pk, row.ref_set.organization
        case OpenEdXAppServer():
            instance_id = row.instance_id
            organization = row.instance.ref_set.organization
        case Job() if row.instance:
            instance_id = row.instance_id
            organization = row.instance.ref_set.organization
        case Rollout():
            organization = _only(organizations_of(row))
    return Target(KINDS[row.__class__], str(row.pk), str(row), instance_id, organization)


def actor_of(job: Job, machine: str) -> Actor:
    """Return a worker on a machine as the actor, with the name of who requested the job."""
    return Actor(ActorKind.WORKER, job.requested_by, machine, job.creator_id)


def changed(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of an instance that differ, old and new.

    Extra settings are a unified diff, with secrets masked and without comments.
    """
    names = [name for name, value in after.items() if before.get(name) != value]
    old = {name: before.get(name) for name in names}
    new = {name: after[name] for name in names}
    if EXTRA_SETTINGS in new:
        new[EXTRA_SETTINGS] = _difference(old.pop(EXTRA_SETTINGS) or "", new[EXTRA_SETTINGS] or "")
    return old, new


def _difference(old: str, new: str) -> str:
    before, after = (without_secrets(text).splitlines() for text in (old, new))
    return "\n".join(unified_diff(before, after, "before", "after", lineterm="")) or UNSEEN


def _masked(values: Values) -> dict[str, Any]:
    shown = {
        name: without_credentials(value) if name.endswith("_url") else value
        for name, value in values.items()
    }
    safe: dict[str, Any] = masked(masked_place("", shown))
    return safe


def _only(organizations: set[str]) -> str:
    """Return the organization, or FLEET where several are concerned."""
    return organizations.pop() if len(organizations) == 1 else FLEET
