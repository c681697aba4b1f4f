"""The cron daemon of a local host; its supervisord runs it as `bin/crond`.

It reads the crontab again each minute. Jobs get the host's environment and may overlap, as with any
cron. The output of a job is appended to a file of its own below `edx/var/log/cron`; the daemon's
log beside it has the starts and results of jobs.
"""

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

from ocim.adapters.providers.local.cron import CRONTAB
from ocim.adapters.providers.local.cron.table import AT_REBOOT, MINUTE, Job, parse

CATCH_UP = timedelta(minutes=5)
log = logging.getLogger("cron")


def minutes(now: Callable[[], datetime], wait: Callable[[float], None]) -> Iterator[datetime]:
    """Yield each minute as it begins, in local time.

    After a short sleep, yield the missed minutes, too. After a change of the clock by more than
    CATCH_UP, in either direction, go on with the present minute.
    """
    last = _floor(now())
    while True:
        wait(max(0.0, (last + MINUTE - now()).total_seconds()))
        current = _floor(now())
        if abs(current - last) > CATCH_UP:
            last = current - MINUTE
        while last < current:
            last += MINUTE
            yield last.astimezone()


def run(job: Job, log_dir: Path) -> None:
    """Run a job to its end and log the result."""
    label = job.name or job.command
    output = log_dir / f"{re.sub(r'[^a-z0-9]+', '-', label.lower()).strip('-')[:80]}.log"
    started = time.monotonic()
    log.info("%s: started", label)
    try:
        with output.open("ab") as stdout:
            status = subprocess.run(
                [job.environment.get("SHELL", "/bin/sh"), "-c", job.command],
                input=job.stdin.encode(),
                stdout=stdout,
                stderr=subprocess.STDOUT,
                cwd=os.environ["HOME"],
                env={**os.environ, **job.environment},
                start_new_session=True,
                check=False,
            ).returncode
    except OSError as error:
        log.error("%s: could not be run: %s", label, error)  # noqa: TRY400 - needs no traceback
    else:
        level = logging.INFO if status == 0 else logging.ERROR
        log.log(level, "%s: exited %d after %.1f s", label, status, time.monotonic() - started)


def main() -> None:
    """Run the host's crontab until this process is ended."""
    root = Path(os.environ["OCIM_HOST_ROOT"])
    log_dir = root / "edx/var/log/cron"
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    if _is_first_since_boot(root):
        _start([job for job in _jobs(root) if job.schedule == AT_REBOOT], log_dir)
    for minute in minutes(lambda: datetime.now().astimezone(), time.sleep):
        _start([job for job in _jobs(root) if job.is_due(minute)], log_dir)


def _start(jobs: list[Job], log_dir: Path) -> None:
    for job in jobs:
        Thread(target=run, args=(job, log_dir), daemon=True).start()


def _jobs(root: Path) -> list[Job]:
    try:
        text = (root / CRONTAB).read_text()
    except FileNotFoundError:
        return []
    jobs, faults = parse(text)
    for fault in faults:
        log.error("crontab, %s", fault)
    return jobs


def _is_first_since_boot(root: Path) -> bool:
    """Return True after a start of the host, False after a restart of the daemon alone.

    `run` is emptied when the host starts.
    """
    mark = root / "run/cron.booted"
    if mark.exists():
        return False
    mark.touch()
    return True


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


if __name__ == "__main__":
    main()
