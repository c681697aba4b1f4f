"""Accounts of instances on their content servers: created, rotated, removed."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from ocim.core.audit import AuditAction
from ocim.core.content import ContentAccount
from ocim.core.errors import Conflict
from ocim.core.provisioning import TUTOR
from ocim.core.states import AppServerState
from ocim.operations import audit, placement
from ocim.operations.content_servers import KINDS, ContentKind
from ocim.operations.context import Context
from ocim.operations.effective import deserialize
from ocim.store.content_specs import content_host
from ocim.store.models import ContentServer, OpenEdXInstance


def place(instance: OpenEdXInstance) -> None:
    """Place an instance of Tutor on the server of each kind with the fewest instances.

    Leave it as it is where it has one already, or where no server that it can reach accepts it.
    """
    for kind in KINDS:
        for server in open_to(instance, kind):
            if _join(instance, server, kind):
                break


def open_to(instance: OpenEdXInstance, kind: ContentKind) -> list[ContentServer]:
    """Return the servers that the instance lacks and may have, the emptiest first."""
    if instance.provisioner != TUTOR or getattr(instance, kind.server_field):
        return []
    return placement.open_to(kind.model, instance.provider)


def suppose(instance: OpenEdXInstance) -> bool:
    """Set the servers that `place` would, and store nothing. Return True if there are any."""
    supposed = {kind.server_field: next(iter(open_to(instance, kind)), None) for kind in KINDS}
    for name, server in supposed.items():
        if server:
            setattr(instance, name, server)
    return any(supposed.values())


def assign(*, instance: OpenEdXInstance, server: ContentServer, kind: ContentKind) -> None:
    """Place an instance that has no such server on this one, from its next app server on.

    Raise Conflict if it has one already, or if the server does not accept it or is out of its
    hosts' reach.
    """
    if present := getattr(instance, kind.server_field):
        raise Conflict(
            f"{instance} is on the {kind.what} {present} already.",
            remedy="An instance stays on its server, which holds its content.",
        )
    if not placement.is_reached(server.host, instance.provider):
        raise Conflict(
            f"{instance.provider} hosts do not reach {server.host}.",
            remedy="Register the server with an address that they reach.",
        )
    with transaction.atomic():
        if not _join(instance, server, kind):
            raise Conflict(f"{server} accepts no instance: it is closed.")
        audit.record(
            AuditAction.INSTANCE_ASSIGN_CONTENT_SERVER, instance, after={kind.kind: server.name}
        )


def rotate(*, instance: OpenEdXInstance, kind: ContentKind) -> None:
    """Give the instance another account, which its next app server uses.

    The present one works until the last app server that has it is terminated. Raise Conflict if
    the instance has no such server.
    """
    if not getattr(instance, kind.server_field):
        raise Conflict(
            f"{instance} has no {kind.what}.", remedy=f"Assign one with `{kind.command} assign`."
        )
    name = kind.generation_field
    with transaction.atomic():
        OpenEdXInstance.objects.filter(pk=instance.pk).update(**{name: F(name) + 1})
        audit.record(
            AuditAction.INSTANCE_ROTATE_CONTENT_ACCOUNT, instance, after={"kind": kind.kind}
        )
    instance.refresh_from_db(fields=[name])


def prepare(instance: OpenEdXInstance, context: Context) -> None:
    """Create the accounts that the instance's app servers use, and remove all others."""
    for kind in KINDS:
        prepare_on(kind, instance, context)


def prepare_on(kind: ContentKind, instance: OpenEdXInstance, context: Context) -> None:
    """Do the same on the instance's server of one kind."""
    if accounts := accounts_in_use(instance, kind):
        server = getattr(instance, kind.server_field)
        context.adapters.content[kind.kind].ensure(content_host(server), accounts)


def settle(instance: OpenEdXInstance, context: Context) -> None:
    """Remove the accounts that a rotation left and no app server uses any more."""
    for kind in KINDS:
        if getattr(instance, kind.generation_field) > 1:
            prepare_on(kind, instance, context)


def forget(instance: OpenEdXInstance, context: Context) -> None:
    """Delete the instance's accounts and content from its servers."""
    for kind in KINDS:
        if account := kind.account(instance, 0):
            server = getattr(instance, kind.server_field)
            context.adapters.content[kind.kind].drop(content_host(server), account)


def accounts_in_use(instance: OpenEdXInstance, kind: ContentKind) -> Sequence[ContentAccount]:
    """Return the present account, and former ones of app servers that are not terminated."""
    present = kind.account(instance, 0)
    if present is None:
        return ()
    former = [
        account
        for generation in range(1, getattr(instance, kind.generation_field))
        if (account := kind.account(instance, generation))
    ]
    used = set()
    if former:
        alive = instance.appserver_set.exclude(state=AppServerState.TERMINATED)
        used = {deserialize(each).values.get(kind.variable) for each in alive}
    return (present, *(account for account in former if account.password in used))


def _join(instance: OpenEdXInstance, server: ContentServer, kind: ContentKind) -> bool:
    """Place the instance on the server if that accepts it still. Return True if it does."""
    with transaction.atomic():
        # Locked, since another process may remove it.
        still_open = kind.model._default_manager.filter(pk=server.pk, accepts_new_clients=True)
        locked = still_open.select_for_update().first()
        if locked is None:
            return False
        setattr(instance, kind.server_field, locked)
        instance.save(update_fields=[kind.server_field])
        return True
