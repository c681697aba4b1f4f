"""Queries for pages, API and commands. Their number does not grow with the fleet."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import chain
from typing import Any, TypeVar

from django.db.models import Count, Exists, Max, Model, OuterRef, Q, QuerySet, Subquery, Sum

from ocim.core.access import Access, Right
from ocim.core.errors import Conflict
from ocim.core.fleet_filter import LONGEST_ID
from ocim.core.states import (
    UNFINISHED,
    AppServerState,
    InstanceState,
    JobState,
    UpgradeState,
)
from ocim.store.models import (
    SHARED_SERVERS,
    Job,
    Leased,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    RolloutEvent,
    Upgrade,
    UpgradeStep,
    Worker,
)

Row = TypeVar("Row", bound=Model)
WORKER_SILENCE = timedelta(seconds=30)
"""Time after which a worker that gave no sign of life counts as dead."""

STATUSES: Mapping[InstanceState, str] = {
    InstanceState.ARCHIVED: "Off the web for good; its data is kept.",
    InstanceState.ON_THE_WEB: "Active app servers serve it.",
    InstanceState.STARTING: "Nothing serves it yet; an app server is being made.",
    InstanceState.UPGRADING: "It is served while another app server is being made.",
    InstanceState.FAILED: "Nothing serves it, and the newest app server failed.",
    InstanceState.DOWN: "Nothing serves it: visitors see the holding page.",
}


def instances(*, archived: bool = False) -> QuerySet[OpenEdXInstance]:
    """Return the fleet by name, with the counts that `status_of` needs, without secrets."""
    unfinished = Q(appserver_set__state__in=UNFINISHED)
    newest = OpenEdXAppServer.objects.filter(instance=OuterRef("pk")).order_by("-id")
    return (
        OpenEdXInstance.objects.filter(**({} if archived else {"ref_set__is_archived": False}))
        .select_related("ref_set")
        .defer(
            "secret_seed", "jwt_private_key", "payment_processors", "configuration_extra_settings"
        )
        .annotate(
            active_count=Count("appserver_set", Q(appserver_set__is_active=True)),
            unfinished_count=Count("appserver_set", unfinished),
            newest_state=Subquery(newest.values("state")[:1]),
        )
        .order_by("name", "id")
    )


def visible(rows: QuerySet[Row], access: Access, *, to_instance: str = "") -> QuerySet[Row]:
    """Return the instances that may be viewed; `to_instance` is the path from other rows to them.

    For app servers, for example, it is `instance__`.
    """
    organizations = access.organizations(Right.VIEW)
    if organizations is None:
        return rows
    return rows.filter(**{f"{to_instance}ref_set__organization__in": organizations})


def visible_rollouts(rollouts: QuerySet[Rollout], access: Access) -> QuerySet[Rollout]:
    """Return the rollouts all of whose instances may be viewed.

    Of instances that are deleted nobody knows the organization any more.
    """
    organizations = access.organizations(Right.VIEW)
    if organizations is None:
        return rollouts
    upgrades = Upgrade.objects.filter(rollout=OuterRef("pk"))
    theirs = Q(instance__ref_set__organization__in=organizations)
    return rollouts.filter(Exists(upgrades), ~Exists(upgrades.exclude(theirs)))


def status_of(instance: OpenEdXInstance) -> InstanceState:
    """Return the state of an instance that came from `instances`."""
    active, unfinished = instance.active_count, instance.unfinished_count  # type: ignore[attr-defined]
    if instance.ref_set.is_archived:
        return InstanceState.ARCHIVED
    if active:
        return InstanceState.UPGRADING if unfinished else InstanceState.ON_THE_WEB
    if unfinished:
        return InstanceState.STARTING
    newest = instance.newest_state  # type: ignore[attr-defined]
    return InstanceState.FAILED if newest == AppServerState.FAILED else InstanceState.DOWN


def find_instance(text: str) -> OpenEdXInstance:
    """Return the instance with this id, domain or name. Raise Conflict unless there is just one."""
    fleet = instances(archived=True)
    is_id = text.isdecimal() and len(text) <= LONGEST_ID
    by_id = fleet.filter(pk=int(text)) if is_id else fleet.none()
    for matching in (
        by_id,
        fleet.filter(domain_set__name=text.lower()),
        fleet.filter(name=text),
    ):
        match list(matching[:2]):
            case [instance]:
                return instance
            case [_, _]:
                raise Conflict(
                    f"Several instances are named {text!r}.", remedy="Pass the id of the right one."
                )
    raise Conflict(f"No instance {text!r}.", remedy="`ocim instance list` lists all instances.")


def appservers_with_specs() -> QuerySet[OpenEdXAppServer]:
    """Return app servers with their hosts and all rows that `appserver_spec` reads."""
    return OpenEdXAppServer.objects.select_related(
        "server", "instance__ref_set", *(f"instance__{name}" for name in SHARED_SERVERS)
    )


def serving() -> QuerySet[OpenEdXAppServer]:
    """Return active app servers with host and instance, without secrets. One query.

    App servers whose host an operator stopped are left out.
    """
    return (
        OpenEdXAppServer.objects.filter(is_active=True, server__is_stopped=False)
        .select_related("server", "instance")
        .defer(
            "effective_variables",
            "instance__secret_seed",
            "instance__jwt_private_key",
            "instance__payment_processors",
            "instance__configuration_extra_settings",
        )
        .order_by("id")
    )


def unhealthy_appservers(instance_id: int) -> list[str]:
    """Return a line with the reason for each unhealthy active app server of an instance."""
    unhealthy = OpenEdXAppServer.objects.filter(
        instance_id=instance_id, is_active=True, unhealthy_since__isnull=False
    )
    return [
        f"{appserver} since {appserver.unhealthy_since:%Y-%m-%d %H:%M} UTC:"
        f" {appserver.unhealthy_reason}"
        for appserver in unhealthy.order_by("id")
    ]


def appservers(instance_id: int | None = None) -> QuerySet[OpenEdXAppServer]:
    """Return app servers of one or all instances, newest first, without their variables."""
    appservers = OpenEdXAppServer.objects.select_related(
        "server", "deployment__creator", "instance__ref_set"
    ).defer(
        "effective_variables",
        "instance__secret_seed",
        "instance__jwt_private_key",
        "instance__payment_processors",
        "instance__configuration_extra_settings",
    )
    if instance_id is not None:
        appservers = appservers.filter(instance_id=instance_id)
    return appservers.order_by("-id")


def find_appserver(appserver_id: int) -> OpenEdXAppServer:
    """Return the app server with this id. Raise Conflict if there is none."""
    if appserver := appservers().filter(pk=appserver_id).first():
        return appserver
    raise Conflict(
        f"No app server {appserver_id}.",
        remedy="`ocim appserver list` lists all app servers.",
    )


def change_tokens(instance_ids: Collection[int]) -> dict[int, str]:
    """Return a change token per instance id. Two queries.

    A token differs whenever one of the instance's app servers or jobs changed.
    """
    hashes = {pk: blake2b(digest_size=8) for pk in instance_ids}
    alive = (
        OpenEdXAppServer.objects.filter(instance_id__in=instance_ids)
        .exclude(state=AppServerState.TERMINATED)
        .order_by("id")
    )
    jobs = Job.objects.filter(
        instance_id__in=instance_ids, state__in=(JobState.WAITING, JobState.RUNNING)
    ).order_by("id")
    for pk, *row in chain[tuple[Any, ...]](
        alive.values_list("instance_id", "id", "state", "is_active", "unhealthy_since"),
        jobs.values_list("instance_id", "id", "state"),
    ):
        hashes[pk].update(repr(row).encode())
    return {pk: digest.hexdigest() for pk, digest in hashes.items()}


def rollouts() -> QuerySet[Rollout]:
    """Return rollouts, newest first, with the number of instances in each state."""
    by_state = {
        name: Count("upgrades", Q(upgrades__state=state))
        for name, state in (
            ("waiting_count", UpgradeState.PENDING),
            ("running_count", UpgradeState.RUNNING),
            ("failed_count", UpgradeState.FAILED),
            ("good_count", UpgradeState.SUCCEEDED),
        )
    }
    rollouts = Rollout.objects.select_related("creator")
    return rollouts.annotate(total=Count("upgrades"), **by_state).order_by("-id")


def rollout_change_tokens(rollout_ids: Collection[int]) -> dict[int, str]:
    """Return a change token per rollout id. Four queries.

    A token differs whenever its rollout changed. The token of a deleted rollout stays the same.
    """
    hashes = {pk: blake2b(digest_size=8) for pk in rollout_ids}
    upgrades = Upgrade.objects.filter(rollout__in=rollout_ids).order_by("rollout_id", "state")
    for pk, *row in chain(
        Rollout.objects.filter(pk__in=rollout_ids).values_list("id", "state", "reason"),
        RolloutEvent.objects.filter(rollout__in=rollout_ids)
        .order_by("rollout_id")
        .values_list("rollout_id")
        .annotate(Max("id")),
        UpgradeStep.objects.filter(upgrade__rollout__in=rollout_ids)
        .order_by("upgrade__rollout_id")
        .values_list("upgrade__rollout_id")
        .annotate(Max("id")),
        upgrades.values_list("rollout_id", "state").annotate(Count("id"), Sum("attempts")),
    ):
        hashes[int(pk)].update(repr(row).encode())
    return {pk: digest.hexdigest() for pk, digest in hashes.items()}


def terminated(appserver_ids: Collection[int]) -> set[int]:
    """Return which of the app servers are terminated or deleted: their logs do not grow."""
    alive = OpenEdXAppServer.objects.filter(pk__in=appserver_ids).exclude(
        state=AppServerState.TERMINATED
    )
    return set(appserver_ids) - set(alive.values_list("pk", flat=True))


def open_jobs(target: Leased) -> QuerySet[Job]:
    """Return the jobs on an instance or a shared server that run or wait, oldest first."""
    states = (JobState.WAITING, JobState.RUNNING)
    return Job.objects.filter(lease_id=target.lease_id, state__in=states).order_by("id")


def visible_jobs(access: Access) -> QuerySet[Job]:
    """Return the jobs that may be viewed; those without an instance need a role for the fleet."""
    rows = Job.objects.select_related("instance__ref_set", "lease", "creator").defer(
        "instance__secret_seed",
        "instance__jwt_private_key",
        "instance__payment_processors",
        "instance__configuration_extra_settings",
    )
    return visible(rows, access, to_instance="instance__")


def last_job(target: Leased) -> Job | None:
    """Return the newest job on an instance or a shared server; None if it never had a job."""
    return Job.objects.filter(lease_id=target.lease_id).order_by("-id").first()


def live_workers(now: datetime, queue: str = "") -> QuerySet[Worker]:
    """Return the workers that gave a sign of life lately, of one queue or (empty) of all.

    A sign of life in the future does not count: the clock was set back since.
    """
    lately = (now - WORKER_SILENCE, now + WORKER_SILENCE)
    workers = Worker.objects.filter(seen_at__range=lately).order_by("queue", "name")
    return workers.filter(queue=queue) if queue else workers
