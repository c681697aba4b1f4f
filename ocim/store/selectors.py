"""Reads for people: what pages and commands show, in a fixed number of queries."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import chain
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, Sum

from ocim.core.errors import Conflict
from ocim.core.states import UNFINISHED, AppServerState, JobState, UpgradeState
from ocim.store.models import (
    Job,
    LogEntry,
    OpenEdXAppServer,
    OpenEdXInstance,
    Rollout,
    RolloutEvent,
    Upgrade,
    UpgradeStep,
    Worker,
)

WORKER_SILENCE = timedelta(seconds=30)
"""A worker that has not been heard of for so long is not counted on."""
LONGEST_ID = 18
"""Digits; databases count no further, and Python refuses to read numbers of thousands."""

STATUSES: Mapping[str, str] = {
    "archived": "Off the web for good; its data is kept.",
    "on the web": "Active app servers serve it.",
    "starting": "Nothing serves it yet; an app server is being made.",
    "upgrading": "It is served while another app server is being made.",
    "failed": "Nothing serves it, and the newest app server failed.",
    "down": "Nothing serves it: visitors see the holding page.",
}


def instances(*, archived: bool = False) -> QuerySet[OpenEdXInstance]:
    """The fleet by name, with what `status_of` needs, and without secrets."""
    made = Q(appserver_set__state__in=UNFINISHED)
    newest = OpenEdXAppServer.objects.filter(instance=OuterRef("pk")).order_by("-id")
    return (
        OpenEdXInstance.objects.filter(**({} if archived else {"ref_set__is_archived": False}))
        .select_related("ref_set")
        .defer(
            "secret_seed", "jwt_private_key", "payment_processors", "configuration_extra_settings"
        )
        .annotate(
            active_count=Count("appserver_set", Q(appserver_set__is_active=True)),
            unfinished_count=Count("appserver_set", made),
            newest_state=Subquery(newest.values("state")[:1]),
        )
        .order_by("name", "id")
    )


def status_of(instance: OpenEdXInstance) -> str:
    """One of STATUSES, for an instance that came from `instances`."""
    active, unfinished = instance.active_count, instance.unfinished_count  # type: ignore[attr-defined]
    if instance.ref_set.is_archived:
        return "archived"
    if active:
        return "upgrading" if unfinished else "on the web"
    if unfinished:
        return "starting"
    newest = instance.newest_state  # type: ignore[attr-defined]
    return "failed" if newest == AppServerState.FAILED else "down"


def find_instance(text: str) -> OpenEdXInstance:
    """The instance with that id, domain or name, from `instances`; Conflict where none is."""
    fleet = instances(archived=True)
    is_id = text.isdecimal() and len(text) <= LONGEST_ID
    by_id = fleet.filter(pk=int(text)) if is_id else fleet.none()
    for found in (
        by_id,
        fleet.filter(domain_set__name=text.lower()),
        fleet.filter(name=text),
    ):
        match list(found[:2]):
            case [one]:
                return one
            case [_, _]:
                raise Conflict(f"Several instances are named {text!r}.", remedy="Say the id.")
    raise Conflict(
        f"There is no instance {text!r}.", remedy="`ocim instance list` shows what there is."
    )


def appservers_with_specs() -> QuerySet[OpenEdXAppServer]:
    """With all that `appserver_spec` reads, and their hosts."""
    return OpenEdXAppServer.objects.select_related(
        "server", "instance__ref_set", "instance__database_server", "instance__search_server"
    )


def serving() -> QuerySet[OpenEdXAppServer]:
    """Active app servers with host and names, and without what is secret; one query.

    Those are left out whose hosts Ocim was told to stop.
    """
    found = OpenEdXAppServer.objects.filter(is_active=True, server__is_stopped=False)
    return (
        found.select_related("server", "instance")
        .defer(
            "effective_variables",
            "instance__secret_seed",
            "instance__jwt_private_key",
            "instance__payment_processors",
            "instance__configuration_extra_settings",
        )
        .order_by("id")
    )


def not_well(instance_id: int) -> list[str]:
    """Say which active app servers of an instance the last look did not find well, and why."""
    found = OpenEdXAppServer.objects.filter(
        instance_id=instance_id, is_active=True, unhealthy_since__isnull=False
    )
    return [
        f"{one} since {one.unhealthy_since:%Y-%m-%d %H:%M} UTC: {one.unhealthy_reason}"
        for one in found.order_by("id")
    ]


def appservers(instance_id: int | None = None) -> QuerySet[OpenEdXAppServer]:
    """App servers, the newest first, without their variables."""
    found = OpenEdXAppServer.objects.select_related(
        "server", "deployment__creator", "instance__ref_set"
    ).defer(
        "effective_variables",
        "instance__secret_seed",
        "instance__jwt_private_key",
        "instance__payment_processors",
        "instance__configuration_extra_settings",
    )
    if instance_id is not None:
        found = found.filter(instance_id=instance_id)
    return found.order_by("-id")


def find_appserver(appserver_id: int) -> OpenEdXAppServer:
    """The app server with that id; Conflict where there is none."""
    if found := appservers().filter(pk=appserver_id).first():
        return found
    raise Conflict(
        f"There is no app server {appserver_id}.",
        remedy="`ocim appserver list` shows what there is.",
    )


def log_after(appserver_id: int, last_id: int, limit: int = 1000) -> list[LogEntry]:
    """The log's lines that came after the one with `last_id` (0: from the beginning)."""
    lines = LogEntry.objects.filter(appserver_id=appserver_id, pk__gt=last_id)
    return list(lines.order_by("id")[:limit])


def log_end(appserver_id: int, limit: int) -> list[LogEntry]:
    """The log's last lines, oldest first."""
    lines = LogEntry.objects.filter(appserver_id=appserver_id)
    return list(reversed(lines.order_by("-id")[:limit]))


def newest_lines(appserver_ids: Collection[int]) -> dict[int, int]:
    """The id of each app server's last line, of those that have one."""
    lines = LogEntry.objects.filter(appserver_id__in=appserver_ids)
    return dict(lines.values_list("appserver_id").annotate(Max("id")).order_by())


def marks(instance_ids: Collection[int]) -> dict[int, str]:
    """By instance, a text that changes whenever an app server or a job of it does; two queries."""
    mark = {pk: blake2b(digest_size=8) for pk in instance_ids}
    there = OpenEdXAppServer.objects.filter(instance_id__in=instance_ids)
    alive = there.exclude(state=AppServerState.TERMINATED).order_by("id")
    under_way = Job.objects.filter(
        instance_id__in=instance_ids, state__in=(JobState.WAITING, JobState.RUNNING)
    ).order_by("id")
    for pk, *row in chain[tuple[Any, ...]](
        alive.values_list("instance_id", "id", "state", "is_active", "unhealthy_since"),
        under_way.values_list("instance_id", "id", "state"),
    ):
        mark[pk].update(repr(row).encode())
    return {pk: of_instance.hexdigest() for pk, of_instance in mark.items()}


def rollouts() -> QuerySet[Rollout]:
    """Rollouts, the newest first, with how many instances are where."""
    by_state = {
        name: Count("upgrades", Q(upgrades__state=state))
        for name, state in (
            ("waiting_count", UpgradeState.PENDING),
            ("running_count", UpgradeState.RUNNING),
            ("failed_count", UpgradeState.FAILED),
            ("good_count", UpgradeState.SUCCEEDED),
        )
    }
    found = Rollout.objects.select_related("creator").annotate(total=Count("upgrades"), **by_state)
    return found.order_by("-id")


def rollout_marks(rollout_ids: Collection[int]) -> dict[int, str]:
    """By rollout, a text that changes whenever something of it does; four queries.

    A deleted one keeps its mark.
    """
    mark = {pk: blake2b(digest_size=8) for pk in rollout_ids}
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
        mark[int(pk)].update(repr(row).encode())
    return {pk: of_rollout.hexdigest() for pk, of_rollout in mark.items()}


def terminated(appserver_ids: Collection[int]) -> set[int]:
    """Those of which nothing more is to be heard: terminated, or deleted."""
    there = OpenEdXAppServer.objects.filter(pk__in=appserver_ids)
    alive = there.exclude(state=AppServerState.TERMINATED)
    return set(appserver_ids) - set(alive.values_list("pk", flat=True))


def open_jobs(instance_id: int) -> QuerySet[Job]:
    """What is being done with the instance, or waits, oldest first."""
    states = (JobState.WAITING, JobState.RUNNING)
    return Job.objects.filter(instance_id=instance_id, state__in=states).order_by("id")


def last_job(instance_id: int) -> Job | None:
    """What was asked for last."""
    return Job.objects.filter(instance_id=instance_id).order_by("-id").first()


def live_workers(now: datetime, queue: str = "") -> QuerySet[Worker]:
    """Workers that were heard of lately, of all queues or of one.

    One heard of in the future is from before the clock was set back, unless it speaks again.
    """
    lately = (now - WORKER_SILENCE, now + WORKER_SILENCE)
    found = Worker.objects.filter(seen_at__range=lately)
    return (found.filter(queue=queue) if queue else found).order_by("queue", "name")
