"""Settings that all instances share, or those of an organization: read, previewed, changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ocim.core.access import FLEET, Access, Right
from ocim.core.actors import current_actor
from ocim.core.audit import AuditAction
from ocim.core.differences import differences
from ocim.core.errors import Conflict, ValidationError
from ocim.operations import audit
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.instance_settings import EXTRA_SETTINGS
from ocim.operations.rollouts.variables import Change, Changes
from ocim.parsing.extra_settings import SHARED, check_extra_settings, warnings_of
from ocim.store.models import SHARED_SERVERS, InstanceReference, OpenEdXInstance, SharedSettings

SAMPLE = 200
"""Maximum number of instances whose own settings a preview reads, so that it takes no second."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Effects of a change that was not stored."""

    names: tuple[str, ...]
    """Names of the variables that change."""
    total: int
    """Number of instances that share the settings; archived ones do not count."""
    examined: int
    """Number of those whose own settings were read: all, or SAMPLE of a large fleet."""
    affected: int
    """Number of those for which a variable changes. The others set all of them themselves."""
    instance: OpenEdXInstance | None
    """Instance whose `variables` are shown; None: there is no instance."""
    variables: tuple[Change, ...]
    """Changes in the variables of its next app server; secrets are masked."""
    warnings: tuple[str, ...]


def read(organization: str) -> SharedSettings:
    """Return the settings of an organization, or (FLEET) of the fleet; empty ones if it has none.

    Raise Conflict if no instance has such an organization.
    """
    if row := SharedSettings.objects.filter(organization=organization).first():
        return row
    _require_known(organization)
    return SharedSettings(organization=organization)


def visible(access: Access) -> list[str]:
    """Return the organizations whose settings somebody may see; FLEET first."""
    allowed = access.organizations(Right.VIEW)
    named = InstanceReference.objects.exclude(organization=FLEET).order_by("organization")
    known = set(named.values_list("organization", flat=True).distinct())
    known |= set(SharedSettings.objects.values_list("organization", flat=True))
    return sorted({FLEET, *known} if allowed is None else known & allowed)


def change(
    *, organization: str, text: str, version: int | None = None, context: Context
) -> SharedSettings:
    """Store the settings of an organization, or of the fleet, for new app servers.

    Raise ValidationError with every fault of the text, and Conflict if `version` is not the present
    one: somebody else has changed the settings since they were read.
    """
    check_extra_settings(text, where=SHARED)
    with transaction.atomic():
        row = _locked(organization)
        if version is not None and row.version != version:
            raise Conflict(
                "Somebody else changed these settings meanwhile.",
                remedy="Look at the present ones, and send your change again.",
            )
        if row.text != text:
            before, after = audit.changed({EXTRA_SETTINGS: row.text}, {EXTRA_SETTINGS: text})
            row.text, row.version = text, row.version + 1
            row.changed_at, row.changed_by = context.now(), current_actor().name[:250]
            row.save()
            name = str(row)
            target = audit.Target("settings", name, name, organization=organization)
            audit.record(AuditAction.SETTINGS_CHANGE, target, before=before, after=after)
    return row


def preview(
    *, organization: str, text: str, instance_id: int | None = None, context: Context
) -> Effect:
    """Return the effects of a change, and store nothing; those on variables for one instance.

    Raise ValidationError with every fault of the text, and Conflict if the instance does not share
    the settings.
    """
    new = check_extra_settings(text, where=SHARED)
    old = check_extra_settings(read(organization).text, where=SHARED)
    names = sorted({str(item.path[0]) for item in differences(old, new)})
    rows = sharing(organization)
    instance = _chosen(rows, instance_id)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    sample = ids[:: max(1, ceil(len(ids) / SAMPLE))]
    examined = rows.filter(pk__in=sample)
    variables: tuple[Change, ...] = ()
    values: Mapping[str, Any] | None = None
    if instance:
        variables, values = _changes(instance, organization, text, context)
    return Effect(
        tuple(names),
        len(ids),
        len(sample),
        len(sample) - _overriding(examined, names, organization) if names else 0,
        instance,
        variables,
        tuple(warnings_of(text, where=SHARED, values=values)),
    )


def sharing(organization: str) -> QuerySet[OpenEdXInstance]:
    """Return the instances that share the settings of an organization, or of the fleet."""
    rows = OpenEdXInstance.objects.filter(ref_set__is_archived=False).order_by("name", "id")
    return rows.filter(ref_set__organization=organization) if organization else rows


def _locked(organization: str) -> SharedSettings:
    _require_known(organization)
    SharedSettings.objects.get_or_create(organization=organization)
    return SharedSettings.objects.select_for_update().get(organization=organization)


def _require_known(organization: str) -> None:
    if organization and not InstanceReference.objects.filter(organization=organization).exists():
        raise Conflict(
            f"No instance has the organization {organization!r}.",
            remedy="Create an instance with it first.",
        )


def _chosen(rows: QuerySet[OpenEdXInstance], instance_id: int | None) -> OpenEdXInstance | None:
    whole = rows.select_related("ref_set", *SHARED_SERVERS)
    if instance_id is None:
        return whole.first()
    if instance := whole.filter(pk=instance_id).first():
        return instance
    raise Conflict("This instance does not share the settings, or is archived.")


def _changes(
    instance: OpenEdXInstance, organization: str, text: str, context: Context
) -> tuple[tuple[Change, ...], Mapping[str, Any]]:
    """Return the changes of the instance's variables, and the variables after them."""
    with transaction.atomic():
        try:
            old = effective_variables(instance, context.policy)
        except ValidationError:  # the change may be what mends it
            old = None
        change(organization=organization, text=text, context=context)
        new = effective_variables(instance, context.policy)
        transaction.set_rollback(True)
    return Changes().of(old, new, new.values), new.values


def _overriding(rows: QuerySet[OpenEdXInstance], names: list[str], organization: str) -> int:
    """Return how many instances set all these variables themselves, or by their organization."""
    shared: dict[str, Mapping[str, Any]] = {}
    if not organization:
        others = SharedSettings.objects.exclude(organization=FLEET)
        texts = others.values_list("organization", "text")
        shared = {name: _set_by(text, names, SHARED) for name, text in texts}
    pairs = rows.order_by().values_list("ref_set__organization", EXTRA_SETTINGS)
    return sum(
        all(
            name in own and not isinstance(own[name], Mapping)  # mappings are merged
            for name in names
        )
        for of, text in pairs.iterator()
        if (own := {**shared.get(of, {}), **_set_by(text, names)})
    )


def _set_by(text: str, names: list[str], where: str = EXTRA_SETTINGS) -> Mapping[str, Any]:
    """Return the variables of a text; none, without reading it, if it has none of the names."""
    if not any(name in text for name in names):
        return {}
    try:
        return check_extra_settings(text, where=where)
    except ValidationError:
        return {}
