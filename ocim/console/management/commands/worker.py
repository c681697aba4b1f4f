"""`ocim worker`: a process that runs the jobs of one queue."""

import argparse
import logging
import os
import signal
import threading
from importlib.metadata import version

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import close_old_connections, connection

from ocim.console.command import OcimCommand
from ocim.console.readiness import require_ready
from ocim.operations import job_runner, jobs, workers
from ocim.operations.context import Context
from ocim.store.schema import schema_fault
from ocim.tasks import PERIODIC, enqueue
from ocim.tasks.queues import PERIODIC_THREADS, drain, queue
from ocim.wiring import context

log = logging.getLogger(__name__)

LONGEST_PAUSE = 0.5
"""Maximum seconds between two reads of a queue in a file; Redis wakes its workers instead."""


class Command(OcimCommand):
    help = "Run the jobs of the queue that HUEY_QUEUE_NAME names, until a signal ends it."
    examples = """examples:
  ocim worker                                          the default queue
  HUEY_QUEUE_NAME=opencraft_low_priority ocim worker   the queue of rollouts
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--threads",
            type=int,
            metavar="N",
            help="Number of jobs to run in parallel"
            f" (default: OCIM_WORKERS; {PERIODIC_THREADS} for the queue {PERIODIC}).",
        )
        parser.set_defaults(run=self.work)

    def work(self, options: argparse.Namespace) -> None:
        """Run jobs until a signal ends this process, then release its leases."""
        name = settings.OCIM.queue_name
        worker = context()
        require_ready(worker)
        default = PERIODIC_THREADS if name == PERIODIC else settings.OCIM.workers
        threads = options.threads or default
        workers.begin(queue=name, threads=threads, version=version("ocim"), context=worker)
        log.info("%s runs the jobs of %s with %d threads", worker.worker, name, threads)
        consumer = queue(name).huey.create_consumer(
            workers=threads, max_delay=LONGEST_PAUSE, graceful_signal="INT"
        )
        drain.flag = consumer.stop_flag
        ended = threading.Event()
        keeper = threading.Thread(target=_keep_alive, args=[worker, ended], daemon=True)
        keeper.start()
        threading.Thread(target=_tell_of_drain, args=[worker], daemon=True).start()
        try:
            consumer.run()
        finally:
            ended.set()
            keeper.join()
            job_runner.release_all_leases(context=worker)
            workers.end(context=worker)


def _tell_of_drain(worker: Context) -> None:
    """Log that this worker got its signal: a drain may take as long as its longest job."""
    drain.flag.wait()
    log.info("%s begins no more jobs, and ends with those that it runs.", worker.worker)


def _keep_alive(worker: Context, ended: threading.Event) -> None:
    """Renew this worker's heartbeat, and take over jobs of dead workers, until `ended` is set."""
    while not ended.is_set():
        try:
            close_old_connections()
            workers.renew(context=worker)
            enqueue(jobs.abandoned(context=worker))
            if not drain.flag.is_set() and (fault := schema_fault()):
                log.warning("%s This worker finishes its jobs, and ends.", fault)
                os.kill(os.getpid(), signal.SIGINT)
        except Exception:
            log.exception("Could not report that this worker is alive")
        ended.wait(worker.policy.lease / 3)
    connection.close()
