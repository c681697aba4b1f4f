"""Instances: created, changed, unarchived, deleted. Faults are reported all at once."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

import bcrypt
from django.db import transaction
from django.db.models import Count

from ocim.catalog.shop import checks
from ocim.catalog.shop.shop import partner_code
from ocim.catalog.variables.jwt import JwtKeys, generate
from ocim.catalog.variables.services import services_of
from ocim.core.actions import Action
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.core.instance import ALWAYS, Service
from ocim.core.secrets import Secret, derive
from ocim.core.variables import Effective
from ocim.operations import (
    audit,
    brokers,
    content,
    database_servers,
    instance_databases,
    provisioners,
    search_servers,
)
from ocim.operations.balancing import note_change
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.instance_settings import (
    DATABASE_SERVER,
    EXTRA_SETTINGS,
    OF_REFERENCE,
    check,
    faults_of,
    faults_of_names,
    is_name,
    without_unknown,
)
from ocim.operations.instance_versions import require_version, settings_of
from ocim.operations.leases import held_outside_worker
from ocim.store.claims import require_lease
from ocim.store.models import (
    SHARED_SERVERS,
    Domain,
    InstanceReference,
    InstanceTag,
    LoadBalancingServer,
    OpenEdXInstance,
)
from ocim.store.specs import instance_spec


def create(
    *,
    fields: Mapping[str, Any],
    context: Context,
    creator_id: int | None = None,
    keys: JwtKeys | None = None,
    adopted_databases: Mapping[str, str] | None = None,
) -> tuple[OpenEdXInstance, list[Action]]:
    """Create an instance with its own secrets, and place it on the shared servers.

    The field `database_server` names its database server; empty: Ocim chooses one. `keys` and
    `adopted_databases` (names by purpose) are those of a site that is there already. Raise
    ValidationError with every fault of the fields, and Conflict if no shared server accepts new
    clients.
    """
    values = dict(fields)
    tags = _taken(values, "tags", [])
    reference = InstanceReference(
        creator_id=creator_id, **{name: _taken(values, name, "") for name in OF_REFERENCE}
    )
    server = str(_taken(values, DATABASE_SERVER, ""))
    unknown = without_unknown(values)
    # First, since nobody needs a server for containers where there are none.
    provisioners.require(str(values.get("provisioner", "")), context)
    seed = secrets.token_urlsafe(32)
    keys = keys or generate()
    instance = OpenEdXInstance(
        **values,
        database_name=_database_name(str(values.get("internal_lms_domain", ""))),
        adopted_databases=dict(adopted_databases or {}),
        secret_seed=seed,
        jwt_private_key=keys.private_jwk.reveal(),
        jwt_public_keys=keys.public_jwk_set,
        preview_password_hash=_hash(derive(seed.encode(), "preview")),
        load_balancing_server=_balancer(),
        database_server=database_servers.choose(name=server, provider=values.get("provider", "")),
    )
    with transaction.atomic():
        if not faults_of(reference.clean_fields):  # check() tells them, with all the others
            reference.save()
        instance.ref_set = reference
        instance.pk = reference.pk
        check(instance, tags, unknown, context)
        instance.save(force_insert=True)
        _tag(instance, tags)
        _claim_names(instance)
        search_servers.place(instance)
        brokers.place(instance, context)
        content.place(instance)
        _, after = audit.changed(
            {}, {name: value for name, value in settings_of(instance).items() if value}
        )
        audit.record(AuditAction.INSTANCE_CREATE, instance, after=after)
        actions = note_change(instance.load_balancing_server_id)
    return instance, actions


def change(
    *, instance_id: int, changes: Mapping[str, Any], context: Context, version: str = ""
) -> tuple[OpenEdXInstance, list[Action]]:
    """Set the named fields of an instance, and no other column.

    Running app servers do not change; the next one has the new settings. `version` is that of the
    settings that the change was made for. Raise ValidationError with every fault, and Outdated if
    there is a newer version.
    """
    values = dict(changes)
    actions: list[Action] = []
    with transaction.atomic():
        instance = _locked(instance_id)
        if version:
            require_version(instance, version)
        tags = _taken(values, "tags", None)
        of_reference = {name: values.pop(name) for name in OF_REFERENCE if name in values}
        unknown = without_unknown(values)
        was = settings_of(instance)
        values = _with_partner(instance, values, context)
        for name, value in values.items():
            setattr(instance, name, value)
        for name, value in of_reference.items():
            setattr(instance.ref_set, name, value)
        check(instance, tags or [], unknown, context, paid="currency" in values)
        instance.save(update_fields=list(values))
        instance.ref_set.save(update_fields=[*of_reference, "modified"])
        search_servers.place(instance)
        content.place(instance)
        if tags is not None:
            _tag(instance, tags)
        if any(map(is_name, values)):
            _claim_names(instance)
        before, after = audit.changed(was, settings_of(instance))
        if after:
            audit.record(AuditAction.INSTANCE_CHANGE, instance, before=before, after=after)
        if any(is_name(name) or name == EXTRA_SETTINGS for name in values):
            actions = note_change(instance.load_balancing_server_id)
    return instance, actions


def as_changed(
    instance: OpenEdXInstance, changes: Mapping[str, Any], context: Context
) -> tuple[dict[str, Any], Effective]:
    """Return the fields as they would be stored, and a new app server's variables, after changes.

    Store nothing, and leave the instance as it is. Raise ValidationError with every fault of the
    changes, and everything that would keep an app server from being created.
    """
    changes = _with_partner(instance, changes, context)
    was = {name: getattr(instance, name) for name in (*changes, *SHARED_SERVERS)}
    for name, value in changes.items():
        setattr(instance, name, value)
    try:
        variables = check(
            instance,
            [],
            [],
            context,
            renamed=any(map(is_name, changes)),
            paid="currency" in changes,
        )
        spec = instance_spec(instance, context.policy)
        lacks_search = Service.DISCOVERY in spec.services and not instance.search_server_id
        if lacks_search:
            instance.search_server = next(iter(search_servers.open_to(instance)), None)
        if content.suppose(instance) or lacks_search:
            spec = instance_spec(instance, context.policy)
            variables = effective_variables(instance, context.policy)
        checks.require(spec, variables.values)
        return {name: getattr(instance, name) for name in changes}, variables
    finally:
        for name, value in was.items():
            setattr(instance, name, value)


def _with_partner(
    instance: OpenEdXInstance, changes: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Return the changes, with the partner code that a shop has had if they choose a provisioner.

    The code that follows from nothing else is another one for each kind of provisioner, and the
    partner is who has sold all courses so far.
    """
    if changes.get("provisioner", instance.provisioner) == instance.provisioner:
        return dict(changes)
    variables = effective_variables(instance, context.policy).values
    if not services_of(variables) - ALWAYS:
        return dict(changes)
    code = partner_code(instance_spec(instance, context.policy), variables)
    return {"partner_code": code, **changes}


def restore_settings(
    *, instance_id: int, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Action]:
    """Restore the fields of a change, except those that somebody has changed since."""
    with transaction.atomic():
        instance = _locked(instance_id)
        was = settings_of(instance)
        ours = [name for name, value in after.items() if getattr(instance, name) == value]
        for name in ours:
            setattr(instance, name, before[name])
        of_names = [name for name in ours if is_name(name)]
        if of_names and faults_of_names(instance):
            # Another instance took an old name meanwhile, and keeps it.
            ours = [name for name in ours if name not in of_names]
            of_names = []
        instance.save(update_fields=ours)
        old, new = audit.changed(was, settings_of(instance))
        audit.record(AuditAction.INSTANCE_RESTORE_SETTINGS, instance, before=old, after=new)
        if of_names:
            _claim_names(instance)
            return note_change(instance.load_balancing_server_id)
    return []


def unarchive(*, instance_id: int) -> list[Action]:
    """Restore an archived instance: it has its data, and no app server until one is spawned."""
    with transaction.atomic():
        instance = _locked(instance_id)
        InstanceReference.objects.filter(pk=instance_id).update(is_archived=False)
        audit.record(AuditAction.INSTANCE_UNARCHIVE, instance)
        return note_change(instance.load_balancing_server_id)


def delete(*, instance_id: int, context: Context) -> list[Action]:
    """Delete an archived instance with its databases, search indexes and messages.

    Uploads stay, for backups; so do databases that it adopted. Raise Conflict if the instance is
    not archived, or is busy.
    """
    instance = OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS).get(
        pk=instance_id
    )
    if not instance.ref_set.is_archived:
        raise Conflict(
            f"{instance} is not archived.",
            remedy="Archive it first: that takes its app servers away.",
        )
    show = f"ocim instance show {instance_id}"
    with held_outside_worker(instance, show=show, context=context) as lease:
        instance_databases.drop(instance, context)
        search_servers.forget(instance, context)
        brokers.forget(instance, context)
        content.forget(instance, context)
        with transaction.atomic():
            require_lease(lease)
            audit.record(AuditAction.INSTANCE_DELETE, instance)
            instance.ref_set.delete()
            lease.delete()
            return note_change(instance.load_balancing_server_id)


def require_name(instance: OpenEdXInstance, name: str) -> None:
    """Raise Conflict unless the name, which somebody types to confirm a deletion, is right."""
    if name != instance.name:
        raise Conflict(f"The name is {instance.name!r}, not {name!r}: nothing was deleted.")


def preview_password(instance: OpenEdXInstance) -> Secret:
    """Return the password of the user `preview` at inactive app servers' preview addresses."""
    return derive(instance.secret_seed.encode(), "preview")


def _taken(fields: dict[str, Any], name: str, default: Any) -> Any:
    return fields.pop(name, default)


def _claim_names(instance: OpenEdXInstance) -> None:
    names = instance.domains.all()
    instance.domain_set.exclude(name__in=names).delete()
    held = set(instance.domain_set.values_list("name", flat=True))
    Domain.objects.bulk_create(
        Domain(name=name, instance=instance) for name in names if name not in held
    )


def _tag(instance: OpenEdXInstance, names: list[str]) -> None:
    """Replace the instance's tags. Keep one with a comma, which no list can name, unless all go."""
    if names and instance.pk:
        names = [*names, *instance.tags.filter(name__contains=",").values_list("name", flat=True)]
    instance.tags.set([InstanceTag.objects.get_or_create(name=name)[0] for name in names])


def _locked(instance_id: int) -> OpenEdXInstance:
    return (
        OpenEdXInstance.objects.select_for_update(of=("self",))
        .select_related("ref_set", "database_server")
        .get(pk=instance_id)
    )


def _balancer() -> LoadBalancingServer:
    """Return the balancer with the fewest instances, of those that accept new ones."""
    open_ones = LoadBalancingServer.objects.filter(accepts_new_clients=True)
    chosen = open_ones.annotate(clients=Count("openedxinstance")).order_by("clients", "id").first()
    if chosen is None:
        raise Conflict(
            "No load balancing server accepts new clients.",
            remedy="Run `ocim setup`, or let one accept new clients.",
        )
    return chosen


def _database_name(domain: str) -> str:
    """Return a name that ends in a token of its own: accounts on database servers are named so."""
    readable = re.sub(r"[^a-z0-9]+", "_", domain.lower())[:28].strip("_")
    while True:
        token = secrets.token_hex(4)
        if not OpenEdXInstance.objects.filter(database_name__endswith=token).exists():
            return f"{readable}_{token}"


def _hash(password: Secret) -> str:
    # The balancer computes it for every request. The cheapest is enough: the password is random.
    return bcrypt.hashpw(password.reveal().encode(), bcrypt.gensalt(rounds=4)).decode()
