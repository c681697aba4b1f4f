"""`… launches COUNT SECONDS [DATABASE_URL QUEUE_URL]`: upgrades by real workers; print JSON.

The queue, its consumers and the database are real; adapters are in memory. First all instances are
upgraded at once, without any waiting; then in six slots, with a provisioning of SECONDS seconds.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from benchmarks.redeploy.installation import IRONWOOD, JUNIPER, fleet, set_up

SLOTS = 6


def main(count: int, seconds: float, database_url: str = "", queue_url: str = "") -> dict[str, Any]:
    """Return figures per second, and seconds until a free slot is refilled."""
    set_up(database_url, queue_url)
    from django.utils import timezone

    from ocim.adapters.memory.provisioners import MemoryProvisioner
    from ocim.core.actions import DriveRollout
    from ocim.tasks import enqueue, queues
    from tests.world import World

    class Slow(MemoryProvisioner):
        lasts = 0.0

        def provision(self, *arguments: Any, **options: Any) -> Any:
            time.sleep(self.lasts)
            return super().provision(*arguments, **options)

    provisioner = Slow()
    world = World(provisioner=provisioner)
    real = replace(world.context(), now=timezone.now, pause=_briefly)
    queues.context = lambda: real  # type: ignore[assignment]
    fleet(count, world)
    insert = _inserts_per_second()
    rollout, actions = _begin(JUNIPER, batch_size=count)
    started = time.perf_counter()
    for action in actions:
        if isinstance(action, DriveRollout):
            queues.drive(action.rollout_id)
    starts = count / (time.perf_counter() - started)
    with _consumers():
        started = time.perf_counter()
        _wait(rollout)
        upgrades = count / (time.perf_counter() - started)
        provisioner.lasts = seconds
        rollout, actions = _begin(IRONWOOD, batch_size=SLOTS)
        enqueue(actions)
        _wait(rollout)
    waits = _waits(rollout)
    return {
        "insert": insert,
        "starts": starts,
        "upgrades": upgrades,
        "refill": statistics.median(waits),
        "slowest": max(waits),
    }


def _briefly(seconds: float) -> None:
    """Sleep at most 0.1 s: workers wait for one another, but not for app servers to warm up."""
    time.sleep(min(seconds, 0.1))


def _inserts_per_second() -> float:
    """Return the baseline: the number of rows that are inserted one by one in a second."""
    from ocim.store.models import Job, OpenEdXInstance

    instance_id = OpenEdXInstance.objects.latest("id").pk
    started = time.perf_counter()
    for _ in range(500):
        Job.objects.create(instance_id=instance_id, kind="none", queue="none", state="done")
    return 500 / (time.perf_counter() - started)


def _begin(commit: str, *, batch_size: int) -> Any:
    from ocim.core.rollout_request import RolloutRequest
    from ocim.operations.rollouts.begin import begin
    from ocim.operations.rollouts.plan import make_plan
    from ocim.tasks import queues
    from tests.world import QUEUE

    update = {"edx_platform_commit": commit}
    request = RolloutRequest(commit, update=update, batch_size=batch_size, queue=QUEUE)
    plan = make_plan(request, context=queues.context())
    return begin(plan, context=queues.context())


@contextmanager
def _consumers() -> Iterator[None]:
    """Run the queue's consumers within the block, as `ocim worker` does."""
    from ocim.tasks import PERIODIC, queues
    from tests.world import QUEUE

    consumers = [
        queues.queue(QUEUE).huey.create_consumer(workers=SLOTS, max_delay=0.5),
        queues.queue(PERIODIC).huey.create_consumer(workers=1, max_delay=0.5),
    ]
    for consumer in consumers:
        consumer.start()
    yield
    for consumer in consumers:
        consumer.stop(graceful=True)


def _wait(rollout: Any) -> None:
    while rollout.state != "ended":
        time.sleep(0.05)
        rollout.refresh_from_db()
    states = set(rollout.upgrades.values_list("state", "failure"))
    assert states == {("successful", "")}, states


def _waits(rollout: Any) -> list[float]:
    """Return the seconds between the end of an upgrade and the start of the next one in its slot.

    The start is the first line in the log of one of its app servers.
    """
    from django.db.models import Min

    from ocim.store.models import LogEntry

    starts, ends = [], []
    for upgrade in rollout.upgrades.all():
        lines = LogEntry.objects.filter(appserver__in=upgrade.appservers)
        starts.append(lines.aggregate(first=Min("time"))["first"])
        ends.append(upgrade.ended_at)
    return [
        (start - end).total_seconds()
        for end, start in zip(sorted(ends), sorted(starts)[SLOTS:], strict=False)
    ]


if __name__ == "__main__":
    database, queue = (*sys.argv[3:], "", "")[:2]
    print(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]), database, queue)))
