"""`ocim worker`: works off one queue."""

import argparse
import logging
import threading

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import close_old_connections, connection

from ocim.console.command import OcimCommand
from ocim.operations import jobs, workers
from ocim.operations.context import Context
from ocim.tasks import PERIODIC, PERIODIC_THREADS, enqueue, queue
from ocim.wiring import context

log = logging.getLogger(__name__)

LONGEST_PAUSE = 0.5
"""Seconds between two looks into a queue that is a file; on Redis a worker waits for a message."""


class Command(OcimCommand):
    help = "Work off the queue that HUEY_QUEUE_NAME names, until told to end."
    examples = """examples:
  ocim worker                                          the default queue
  HUEY_QUEUE_NAME=opencraft_low_priority ocim worker   the queue of rollouts
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--threads",
            type=int,
            help=f"jobs to do at once (default: OCIM_WORKERS; {PERIODIC_THREADS} in {PERIODIC})",
        )
        parser.set_defaults(run=self.work)

    def work(self, given: argparse.Namespace) -> None:
        name = settings.OCIM.queue_name
        worker = context()
        default = PERIODIC_THREADS if name == PERIODIC else settings.OCIM.workers
        threads = given.threads or default
        workers.begin(queue=name, threads=threads, context=worker)
        log.info("%s works off %s with %d threads", worker.worker, name, threads)
        consumer = queue(name).huey.create_consumer(
            workers=threads, max_delay=LONGEST_PAUSE, graceful_signal="INT"
        )
        ended = threading.Event()
        keeper = threading.Thread(target=_keep_alive, args=[worker, ended], daemon=True)
        keeper.start()
        try:
            consumer.run()
        finally:
            ended.set()
            keeper.join()
            jobs.release_all_leases(context=worker)
            workers.end(context=worker)


def _keep_alive(worker: Context, ended: threading.Event) -> None:
    """Say that this worker lives, and take up what dead ones left, until it ends."""
    while not ended.is_set():
        try:
            close_old_connections()
            workers.renew(context=worker)
            enqueue(jobs.abandoned(context=worker))
        except Exception:
            log.exception("Could not report that this worker is alive")
        ended.wait(worker.policy.lease / 3)
    connection.close()
