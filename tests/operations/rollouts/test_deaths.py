"""The worker dies at places where something is written, one after the other.

By default that is every third place, and the seed of a run says at which it begins; it is every
place with CHAOS=every-step.
"""

import copyreg
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import count
from threading import Lock
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q

from ocim.core.rollout import Rules
from ocim.operations import jobs
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance, Rollout, UpgradeStep
from tests.operations.rollouts.fleet import TAG, Fleet, active, states, tags
from tests.world import Killed, World

# The world is copied with the locks in it, which nobody holds then.
copyreg.pickle(type(Lock()), lambda _lock: (Lock, ()))

STRIDE = 1 if os.environ.get("CHAOS") == "every-step" else 3
"""Number of writes from one death to the next."""
WRITES = ("UPDATE", "INSERT", "DELETE")
SQL = ["CREATE TABLE seen (n INTEGER)", "INSERT INTO seen VALUES (1)"]


def a_job_runs() -> bool:
    """Return True while a worker runs a job: by SQL, as it is asked at each write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM store_job WHERE state = 'running' LIMIT 1")
        return cursor.fetchone() is not None


@contextmanager
def dying_at(number: int) -> Iterator[list[str]]:
    """Raise Killed once, before the write with that number while a worker runs a job."""
    left = [number]
    died: list[str] = []

    def wrapper(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not died and sql.startswith(WRITES) and a_job_runs():
            left[0] -= 1
            if left[0] < 0:
                died.append(sql)
                raise Killed
        return execute(sql, *rest)

    with connection.execute_wrapper(wrapper):
        yield died


def upgrade_with_a_death(number: int, fleet: Fleet, one: OpenEdXInstance, *, fails: bool) -> bool:
    """Return True if the worker was killed: otherwise there are no more places to die at."""
    was, first = active(one), fleet.next_id()
    if fails:
        fleet.fail_on(*range(first, first + 10))
    rollout = fleet.begin(fleet.plan(sql=SQL), rules=Rules())
    with dying_at(number) as died:
        fleet.run(rollout)
    fleet.world.databases.close()
    one.refresh_from_db()
    assert rollout.state == "ended"
    assert states(rollout) == ["failed" if fails else "successful"]
    assert tags(one) == [f"{TAG}-failed" if fails else TAG]
    assert one.edx_platform_commit == ("old" if fails else "opencraft-release/juniper.2")
    made = OpenEdXAppServer.objects.filter(pk__gte=first)
    assert made.count() == 2
    assert active(one) == (was if fails else sorted(made.values_list("pk", flat=True)))
    assert set(fleet.world.provider.list()) == {
        server
        for server in OpenEdXAppServer.objects.values_list("server__name", flat=True)
        if server
    }
    assert not Job.objects.filter(state__in=jobs.OPEN).exists()
    for run in Rollout.objects.get().upgrades.get().sql_runs.all():
        assert run.state in ("done", "failed")
    assert not UpgradeStep.objects.filter(Q(state="under way") | Q(ended_at=None)).exists()
    return bool(died)


@pytest.mark.django_db
@pytest.mark.parametrize("fails", [False, True])
def test_it_ends_right_wherever_the_worker_dies(fails: bool) -> None:
    served = Fleet(World())
    instance = served.make(edx_platform_commit="old", openedx_appserver_count=2)
    for number in count(random.randrange(STRIDE), STRIDE):  # noqa: S311 - no secret
        fleet, item = deepcopy((served, instance))
        try:
            with transaction.atomic():
                goes_on = upgrade_with_a_death(number, fleet, item, fails=fails)
                transaction.set_rollback(True)
        except AssertionError as error:
            raise AssertionError(f"Killed at write {number}: {error}") from error
        if not goes_on:
            break
    assert number > 20


def test_whoever_dies_after_the_swing_each_time_leaves_the_old_ones_serving(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    was = active(make)
    reply = fleet.world.prober.reply

    def deadly(probe: Any) -> Any:
        if probe.url.startswith("https") and active(make) != was:
            raise Killed
        return reply(probe)

    fleet.world.prober.reply = deadly
    rollout = fleet.upgrade()
    assert states(rollout) == ["failed"]
    assert active(make) == was
    make.refresh_from_db()
    assert make.edx_platform_commit == "old"
