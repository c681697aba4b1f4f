"""Machines of the manager: those that share its database, and what cannot be shared by several."""

from collections.abc import Iterable

from ocim.core.errors import Conflict
from ocim.core.texts import listed
from ocim.operations.context import Context
from ocim.operations.workers import FORGOTTEN
from ocim.ports.providers import Provider
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance, Worker

REMEDY = "Use hosts of kind `ssh` and a database server, or run workers on one machine only."


def names(context: Context) -> list[str]:
    """Return the names of all machines with workers, and of this one.

    A machine counts for a day after its last sign of life, unless its workers ended in order.
    """
    lately = Worker.objects.filter(seen_at__gte=context.now() - FORGOTTEN)
    return sorted({*lately.values_list("machine", flat=True), context.machine})


def faults_of(instances: Iterable[OpenEdXInstance], context: Context) -> list[str]:
    """Return why instances cannot work, as the manager has several machines: a line for each."""
    several = names(context)
    if len(several) == 1:
        return []
    faults = []
    for instance in instances:
        provider = context.adapters.providers.get(instance.provider)
        if provider and not provider.is_shared:
            faults.append(
                f"{instance}: provider: hosts of kind {instance.provider!r} are on the machine that"
                f" creates them, and this installation has workers on {listed(several)}."
            )
        if instance.database_server.directory:
            faults.append(
                f"{instance}: database server {instance.database_server} keeps its files on one"
                f" machine, and this installation has workers on {listed(several)}."
            )
    return faults


def require_shared(instance: OpenEdXInstance, context: Context) -> None:
    """Raise Conflict if app servers of the instance cannot be made, due to several machines."""
    if faults := faults_of([instance], context):
        raise Conflict("\n".join(faults), remedy=REMEDY)


def provider_of(kind: str, context: Context) -> Provider:
    """Return the provider. Raise Conflict if its hosts may be on another machine.

    Here it would not find them, and what it is asked to destroy would run on there.
    """
    provider = context.adapters.providers[kind]
    if not provider.is_shared and len(several := names(context)) > 1:
        raise Conflict(
            f"Hosts of kind {kind!r} are on the machine that created them, and this installation"
            f" has workers on {listed(several)}.",
            remedy=REMEDY,
        )
    return provider


def within_reach(
    appservers: Iterable[OpenEdXAppServer], context: Context
) -> list[OpenEdXAppServer]:
    """Return the app servers whose hosts this machine can reach."""
    providers = context.adapters.providers
    on_one = {kind for kind, provider in providers.items() if not provider.is_shared}
    if len(names(context)) == 1:
        return list(appservers)
    return [
        appserver
        for appserver in appservers
        if appserver.server and appserver.server.provider not in on_one
    ]
