"""The databases of an instance: created with their accounts, which are rotated, and removed."""

from collections.abc import Mapping

from django.db import transaction

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.core.instance import Database
from ocim.core.states import AppServerState
from ocim.operations import audit
from ocim.operations.context import Context
from ocim.operations.database_servers import EMBEDDED
from ocim.operations.effective import deserialize
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import all_databases, instance_spec


def prepare(instance: OpenEdXInstance, databases: Mapping[str, Database], context: Context) -> None:
    """Create databases, and the accounts that the instance's app servers use there."""
    for database in databases.values():
        context.adapters.databases[database.kind].ensure(database)
    for generation in _former(instance, used=True):
        for purpose, database in all_databases(instance, generation).items():
            if purpose in databases:
                context.adapters.databases[database.kind].ensure(database)


def rotate(*, instance: OpenEdXInstance, context: Context) -> None:
    """Give the instance other accounts, which its next app server uses.

    They exist before anything uses them; the present ones work until the last app server that has
    them is terminated. Raise Conflict if its databases are embedded.
    """
    if instance.database_server.kind == EMBEDDED:
        raise Conflict(f"{instance} has embedded databases, which have no accounts.")
    present = instance.database_generation
    wanted = all_databases(instance, present + 1)
    for purpose in instance_spec(instance, context.policy).databases:
        context.adapters.databases[wanted[purpose].kind].ensure(wanted[purpose])
    rows = OpenEdXInstance.objects.filter(pk=instance.pk, database_generation=present)
    with transaction.atomic():
        if not rows.update(database_generation=present + 1):
            raise Conflict(f"Another process rotates the accounts of {instance}.")
        audit.record(AuditAction.INSTANCE_ROTATE_DATABASE_ACCOUNT, instance)
    instance.refresh_from_db(fields=["database_generation"])


def settle(instance: OpenEdXInstance, context: Context) -> None:
    """Remove the accounts that rotations left and no app server uses any more."""
    for generation in _former(instance, used=False):
        for database in all_databases(instance, generation).values():
            context.adapters.databases[database.kind].retire(database)


def drop(instance: OpenEdXInstance, context: Context) -> None:
    """Remove all databases and accounts of the instance; databases that it adopted stay."""
    for generation in range(1, instance.database_generation):
        for database in all_databases(instance, generation).values():
            context.adapters.databases[database.kind].retire(database)
    for purpose, database in all_databases(instance).items():
        databases = context.adapters.databases[database.kind]
        remove = databases.retire if purpose in instance.adopted_databases else databases.drop
        remove(database)


def _former(instance: OpenEdXInstance, *, used: bool) -> list[int]:
    """Return the former generations of accounts that app servers use, or those that none uses."""
    former = range(1, instance.database_generation)
    if not former:
        return []
    alive = instance.appserver_set.exclude(state=AppServerState.TERMINATED)
    passwords = {deserialize(each).values.get("EDXAPP_MYSQL_PASSWORD") for each in alive}
    return [
        generation
        for generation in former
        if (all_databases(instance, generation)["edxapp"].password in passwords) is used
    ]
