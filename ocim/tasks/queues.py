"""Huey's queues, what puts messages into them, and the work that a message leads to.

A message is no more than a wake-up call: what there is to do, and whether it was done, is in the
database. A lost message costs a minute, a second one nothing.
"""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from math import ceil
from threading import BoundedSemaphore, Event, Lock
from typing import Any, Literal

from django.conf import settings
from django.db import close_old_connections
from huey import RedisHuey, SqliteHuey, crontab
from huey.api import Huey, TaskWrapper
from huey.serializer import SignedSerializer
from redis import RedisError

from ocim.core.actions import (
    Action,
    DriveRollout,
    MailPasswordLink,
    SendNotices,
    SyncBalancer,
    WorkOn,
)
from ocim.core.errors import OcimError, TransientError
from ocim.operations import (
    balancing,
    incidents,
    job_runner,
    jobs,
    password_requests,
    sessions,
    terminate,
    workers,
)
from ocim.operations.handlers import HANDLERS
from ocim.operations.look import look as look_at_all
from ocim.operations.rollouts import drive as rollouts
from ocim.operations.rollouts import notices
from ocim.operations.shop import refresh as hourly_refresh
from ocim.tasks import PERIODIC, enqueue
from ocim.wiring import context, manager_url

PERIODIC_THREADS = 8
"""Threads of that process: one looks, one sends, three restart, and the others take seconds."""
AGAIN = timedelta(seconds=5)
"""Time before something is tried again that waits for another of its kind to end."""
EACH_MINUTE = timedelta(minutes=1)
"""Time between two looks at everything, by `repair`."""
_sending = Lock()
_looking = Lock()
_recovering = BoundedSemaphore(3)
"""Restarts at once: the threads that look after the balancer must not all wait for hosts."""
SENDERS = {"rollout": notices.send, "appserver": incidents.send}

log = logging.getLogger(__name__)


def put(action: Action) -> None:
    """Put the action's message into its queue. Raise TransientError if the queue takes none."""
    try:
        _enqueue(action)
    except (sqlite3.Error, RedisError) as error:
        raise TransientError(
            f"The queue cannot be used: {error}.",
            remedy="What was asked for is written down; workers take it up when the queue works."
            " `ocim doctor` looks at it.",
        ) from error


def _enqueue(action: Action) -> None:
    match action:
        case SyncBalancer():
            # Not behind the jobs of the other queues, which take minutes or hours.
            queue(PERIODIC).sync(action.balancer_id)
        case DriveRollout():
            # Later ones are left to the looks before them: each would add another message.
            if action.at is None or action.at <= context().now() + EACH_MINUTE:
                _schedule(queue(PERIODIC).drive, action.rollout_id, action.at)
        case SendNotices():
            _schedule(queue(PERIODIC).send, action.event_id, action.at, action.of)
        case MailPasswordLink():
            queue(PERIODIC).mail(action.address)
        case WorkOn():
            _schedule(queue(action.queue).work, action.lease_id, action.at)


def _schedule(task: TaskWrapper, of: int, at: datetime | None, *rest: str) -> None:
    if at is None:
        task(of, *rest)
    else:
        task.schedule((of, *rest), delay=max(0.0, (at - context().now()).total_seconds()))


@dataclass
class Drain:
    """Flag that is set once this worker ends: it finishes its jobs, and begins none."""

    flag: Event


drain = Drain(Event())


class Queue:
    """Queue, with its tasks."""

    def __init__(self, name: str) -> None:
        self.huey = _huey(name)
        self.work = self.huey.task(name="work")(_alone(work, name))
        self.sync = self.huey.task(name="sync")(_alone(sync))
        self.drive = self.huey.task(name="drive")(_alone(drive))
        self.send = self.huey.task(name="send")(_alone(send))
        self.mail = self.huey.task(name="mail")(_alone(mail))
        self.look = self.huey.task(name="look")(_alone(look))
        if name == PERIODIC:
            for task, minute, every in PERIODIC_TASKS:
                in_turn = _alone(partial(_in_turn, task, every), name=task.__name__)
                self.huey.periodic_task(crontab(minute=minute), name=task.__name__)(in_turn)


@cache
def queue(name: str) -> Queue:
    """Return the queue of this name; create it at its first use."""
    return Queue(name)


def work(queue_name: str, lease_id: int) -> None:
    """Run the jobs that wait for a lease, and drive their rollouts in the same thread."""
    if queue_name != PERIODIC:
        _work(queue_name, lease_id)
    elif _recovering.acquire(blocking=False):
        try:
            _work(queue_name, lease_id)
        finally:
            _recovering.release()
    else:
        enqueue([WorkOn(lease_id, PERIODIC, context().now() + AGAIN)])


def _work(queue_name: str, lease_id: int) -> None:
    actions = job_runner.run_pending_jobs(
        lease_id=lease_id,
        queue=queue_name,
        handlers=HANDLERS,
        context=context(),
        is_draining=drain.flag.is_set,
    )
    for action in dict.fromkeys(actions):
        if isinstance(action, DriveRollout) and action.at is None:
            drive(action.rollout_id)
        else:
            enqueue([action])


def sync(balancer_id: int) -> None:
    """Apply the database's routing to the balancer."""
    balancing.sync(balancer_id=balancer_id, context=context())


def drive(rollout_id: int) -> None:
    """Start the upgrades of a rollout that may start."""
    enqueue(rollouts.drive(rollout_id=rollout_id, context=context()))


def send(event_id: int, of: Literal["rollout", "appserver"] = "rollout") -> None:
    """Tell people of something that happened to a rollout or an app server."""
    if not _sending.acquire(blocking=False):
        # A server that does not answer must not take the threads that look after the balancer.
        enqueue([SendNotices(event_id, context().now() + AGAIN, of)])
        return
    try:
        enqueue(SENDERS[of](event_id=event_id, address=manager_url(), context=context()))
    finally:
        _sending.release()


def mail(address: str) -> None:
    """Send a link to set a password to whoever has the address."""
    password_requests.mail(address=address, pages=manager_url(), context=context())


def repair() -> None:
    """Take up what was forgotten: work without a worker, a balancer that lags behind."""
    wake_ups = jobs.unattended(context=context())
    # If messages wait in a queue, these may be among them.
    empty = {
        name
        for name in {action.queue for action in wake_ups}
        if not queue(name).huey.pending_count()
    }
    enqueue(wake_up for wake_up in wake_ups if wake_up.queue in empty)
    enqueue(rollouts.drive_all())
    enqueue(notices.unsent(context().now()))
    enqueue(incidents.unsent(context().now()))
    enqueue(balancing.gaps(context=context()))


def looks() -> None:
    """Schedule the looks of this minute: Huey's clock knows minutes only."""
    every = min(60.0, max(1.0, settings.OCIM.look_seconds))
    for number in range(ceil(60 / every)):
        queue(PERIODIC).look.schedule(delay=number * every)


def look() -> None:
    """Look at what serves, unless the look before is not over yet."""
    if _looking.acquire(blocking=False):
        try:
            enqueue(look_at_all(queue=PERIODIC, context=context()))
        finally:
            _looking.release()


def retain() -> None:
    """Let go of app servers and of attempts to sign in that are kept no longer."""
    sessions.forget_attempts(context=context())
    enqueue(terminate.request_retention(queue=settings.OCIM.low_priority_queue, context=context()))


def refresh() -> None:
    """Start the hourly jobs of containers, which have no cron."""
    hourly_refresh.start_all(context())


PERIODIC_TASKS = (
    (looks, "*", timedelta(minutes=1)),
    (repair, "*", timedelta(minutes=1)),
    (retain, "*/10", timedelta(minutes=10)),
    (refresh, "43", timedelta(hours=1)),
)
"""Periodic tasks, with their minutes in crontab's form and the time between two runs."""


def _in_turn(task: Callable[[], None], every: timedelta) -> None:
    """Run a periodic task, once for all workers of its queue."""
    if workers.takes_turn(task.__name__, every=every, context=context()):
        task()


def _huey(name: str) -> Huey:
    serializer = SignedSerializer(secret=settings.SECRET_KEY, salt="ocim-queue")
    if url := settings.OCIM.queue_url:
        return RedisHuey(name, results=False, serializer=serializer, url=url)
    path = settings.OCIM.var / "queue.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(name, results=False, serializer=serializer, filename=str(path))


def _alone(task: Callable[..., None], *first: object, name: str = "") -> Callable[..., None]:
    """Return the task with its own database connections; expected failures are one log line."""
    name = name or task.__name__

    def run(*arguments: Any) -> None:
        close_old_connections()
        try:
            task(*first, *arguments)
        except OcimError as error:
            log.warning("%s: %s", name, error)
        finally:
            close_old_connections()

    return run
