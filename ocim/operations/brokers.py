"""Accounts of instances on their broker servers: created, rotated, removed."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.core.hosts import DOCKER
from ocim.core.instance import Broker
from ocim.core.states import AppServerState
from ocim.operations import audit, placement
from ocim.operations.context import Context
from ocim.operations.effective import deserialize
from ocim.store.models import BrokerServer, OpenEdXInstance
from ocim.store.specs import broker_account, broker_host

REDIS = "redis"
"""Kind of broker servers that containers can use: Tutor's services know no other."""


def place(instance: OpenEdXInstance, context: Context) -> None:
    """Place a new instance on the broker server with the fewest instances.

    Leave it without one if no server that it can reach accepts instances.
    """
    with transaction.atomic():
        for server in open_to(instance.provider, context):
            if _join(instance, server, context):
                return


def open_to(provider: str, context: Context) -> list[BrokerServer]:
    """Return the servers that accept an instance, the one with the fewest instances first."""
    return placement.open_to(
        BrokerServer,
        provider,
        suits=lambda server, clients: (
            (provider != DOCKER or server.kind == REDIS)
            and (not clients or context.adapters.brokers[server.kind].shared)
        ),
    )


def assign(*, instance: OpenEdXInstance, server: BrokerServer, context: Context) -> None:
    """Place an instance that has no broker server on this one, from its next app server on.

    Raise Conflict if it has one already, or if the server does not accept it or is out of its
    hosts' reach.
    """
    if instance.broker_server:
        raise Conflict(
            f"{instance} is on the broker {instance.broker_server} already.",
            remedy="An instance stays on its broker, which holds its messages.",
        )
    if not placement.is_reached(server.host, instance.provider):
        raise Conflict(
            f"{instance.provider} hosts do not reach {server.host}.",
            remedy="Register the broker with an address that they reach.",
        )
    with transaction.atomic():
        if not _join(instance, server, context):
            raise Conflict(
                f"{server} accepts no instance: it is closed, or it serves one alone already.",
                remedy="Register another one with `ocim broker register`.",
            )
        audit.record(AuditAction.INSTANCE_ASSIGN_BROKER, instance, after={"broker": server.name})


def rotate(*, instance: OpenEdXInstance) -> None:
    """Give the instance another account, which its next app server uses.

    The present one works until the last app server that has it is terminated. Raise Conflict if
    the instance has no broker server.
    """
    if not instance.broker_server_id:
        raise Conflict(
            f"{instance} has no broker server.", remedy="Assign one with `ocim broker assign`."
        )
    with transaction.atomic():
        OpenEdXInstance.objects.filter(pk=instance.pk).update(
            broker_generation=F("broker_generation") + 1
        )
        audit.record(AuditAction.INSTANCE_ROTATE_BROKER_ACCOUNT, instance)
    instance.refresh_from_db(fields=["broker_generation"])


def prepare(instance: OpenEdXInstance, context: Context) -> None:
    """Create the accounts that the instance's app servers use, and remove all others."""
    if (server := instance.broker_server) and (accounts := accounts_in_use(instance)):
        context.adapters.brokers[server.kind].ensure(broker_host(server), accounts)


def settle(instance: OpenEdXInstance, context: Context) -> None:
    """Remove the accounts that a rotation left and no app server uses any more."""
    if instance.broker_generation > 1:
        prepare(instance, context)


def forget(instance: OpenEdXInstance, context: Context) -> None:
    """Delete the instance's accounts and messages from its broker server."""
    if (server := instance.broker_server) and (account := broker_account(instance)):
        context.adapters.brokers[server.kind].drop(broker_host(server), account)


def accounts_in_use(instance: OpenEdXInstance) -> Sequence[Broker]:
    """Return the present account, and former ones of app servers that are not terminated."""
    present = broker_account(instance)
    if present is None:
        return ()
    former = [
        account
        for generation in range(1, instance.broker_generation)
        if (account := broker_account(instance, generation))
    ]
    used = set()
    if former:
        alive = instance.appserver_set.exclude(state=AppServerState.TERMINATED)
        used = {deserialize(each).values.get("EDXAPP_CELERY_PASSWORD") for each in alive}
    return (present, *(account for account in former if account.password in used))


def _join(instance: OpenEdXInstance, server: BrokerServer, context: Context) -> bool:
    """Place the instance on the server if that accepts it still. Return True if it does."""
    with transaction.atomic():
        # Locked, since another process may remove it or place another instance on it.
        still_open = BrokerServer.objects.filter(pk=server.pk, accepts_new_clients=True)
        locked = still_open.select_for_update().first()
        if locked is None:
            return False
        shared = context.adapters.brokers[locked.kind].shared
        if not shared and locked.openedxinstance_set.exists():
            return False
        instance.broker_server = locked
        instance.save(update_fields=["broker_server"])
        return True
