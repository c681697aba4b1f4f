"""Hosts of a provider: stopped and started, and those that nobody needs."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import transaction
from django.db.models import Q

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, HostUnreachable, TransientError, ValidationError
from ocim.core.hosts import Leftover
from ocim.core.names import dry_run_host
from ocim.core.states import UNFINISHED, AppServerState, UpgradeState
from ocim.core.texts import listed
from ocim.operations import audit
from ocim.operations.context import Context
from ocim.store.lent_machines import StoredMachines
from ocim.store.models import CREATED, OpenEdXAppServer, Server, Upgrade

AT_ONCE = 8
"""Number of hosts that are started or stopped at the same time."""


def _kept(provider: str) -> list[str]:
    kept = OpenEdXAppServer.objects.filter(
        state__in=(AppServerState.RUNNING, *UNFINISHED), server__provider=provider
    )
    return [
        *_of_shared_servers(provider),
        *kept.order_by("-is_active", "id").values_list("server__name", flat=True),
    ]


def _of_shared_servers(provider: str) -> list[str]:
    own = Q()
    for kind in CREATED:
        own |= Q(pk__in=kind._default_manager.values("own_host"))
    made = Server.objects.filter(own, provider=provider)
    return list(made.order_by("id").values_list("name", flat=True))


def require(names: Collection[str], *, provider: str, context: Context) -> None:
    """Raise ValidationError if the provider does not exist, or has no host of one of the names."""
    providers = context.adapters.providers
    if provider not in providers:
        kinds = listed(sorted(providers), "or")
        raise ValidationError([f"provider: unknown kind {provider!r}. Choose {kinds}."])
    known = set(providers[provider].list()) if names else set()
    if faults := [
        f"hosts: no host {name!r} of kind {provider}." for name in names if name not in known
    ]:
        raise ValidationError(faults, remedy="`ocim host list` shows the hosts of each kind.")


def stop_all(*, provider: str, context: Context) -> list[str]:
    """Stop every host of the provider. Return their names."""
    names = list(context.adapters.providers[provider].list())
    stop(names, provider=provider, context=context)
    return names


def stop(names: Collection[str], *, provider: str, context: Context) -> None:
    """Stop hosts, with their files kept. They stay stopped until somebody starts them."""
    _stopped(names, AuditAction.HOST_STOP, provider)
    with ThreadPoolExecutor(AT_ONCE) as several:
        list(several.map(context.adapters.providers[provider].stop, names))


def start_all(*, provider: str, context: Context) -> list[str]:
    """Start the hosts of shared servers, then those of live app servers, active ones first.

    Return the names of those that did not start.
    """
    return start(_kept(provider), provider=provider, context=context)


def start(names: Collection[str], *, provider: str, context: Context) -> list[str]:
    """Start hosts that do not run. Return the names of those that did not start."""
    of = context.adapters.providers[provider]

    def starts(name: str) -> bool:
        with suppress(HostUnreachable):
            of.wait_until_reachable(name, timeout=0)
            return True
        try:
            of.reboot(name)
        except TransientError:
            return False
        return True

    _stopped(names, AuditAction.HOST_START, provider)  # so that nobody else starts them meanwhile
    lost = []
    with ThreadPoolExecutor(AT_ONCE) as several:
        for name, is_there in zip(names, several.map(starts, names), strict=True):
            Server.objects.filter(name=name).update(is_stopped=False)
            if not is_there:
                lost.append(name)
    return lost


def readmit(machine: str) -> None:
    """Let a machine of the pool be used again. Raise Conflict if it is not kept out."""
    with transaction.atomic():
        if not StoredMachines().readmit(machine):
            raise Conflict(
                f"The machine {machine!r} is not kept out.", remedy="See `ocim host pool`."
            )
        audit.record(AuditAction.HOST_READMIT, audit.Target("host", machine, machine))


def _stopped(names: Collection[str], action: AuditAction, provider: str) -> None:
    """Mark the hosts as stopped, and record why; nothing if there are none."""
    if not names:
        return
    with transaction.atomic():
        Server.objects.filter(name__in=names).update(is_stopped=True)
        hosts = audit.Target("hosts", provider, f"hosts of kind {provider}")
        audit.record(action, hosts, after={"hosts": sorted(names)})


def orphans(*, provider: str, context: Context) -> list[str]:
    """Return the names of the provider's hosts that no app server or search server needs."""
    # Query hosts first: a new host is in the database before the provider has it.
    present = set(context.adapters.providers[provider].list())
    return sorted(present - _needed(provider))


def leftovers(*, provider: str, context: Context) -> list[Leftover]:
    """Return what the provider still has of hosts that are gone.

    Leave out hosts that an app server is recorded on: their remains may still serve.
    """
    left = context.adapters.providers[provider].leftovers()
    needed = _needed(provider)
    return [leftover for leftover in left if leftover.host not in needed]


def _needed(provider: str) -> set[str]:
    known = OpenEdXAppServer.objects.exclude(state=AppServerState.TERMINATED)
    shared = _of_shared_servers(provider)
    at_work = Upgrade.objects.filter(state=UpgradeState.RUNNING).values_list("pk", flat=True)
    dry_runs = map(dry_run_host, at_work)
    return {*known.values_list("server__name", flat=True), *shared, *dry_runs}
