"""Discovery's hourly job in a container, which has no cron: Ocim starts it there, every hour."""

import shlex

from ocim.catalog.discovery_job import REFRESH, command
from ocim.catalog.steps import cron
from ocim.catalog.steps.shells import in_container
from ocim.core.instance import Database, Service

PLACE = f"/tmp/{REFRESH}"  # noqa: S108 - the container is nobody else's
"""Beginning of the paths in the container of log and lock, which end with it."""


def start(database: Database, partner: str, place: str = PLACE) -> str:
    """Return a script for the host's shell that starts the job in discovery's container.

    The script does not wait for its end, which does not depend on the manager. It starts nothing
    while the run before still goes on. Only courses of the partner with this code are read: sites
    that Tutor has made have a second one, whose LMS does not answer.
    """
    job = command("./manage.py", database, partner=partner)
    run = f"date -u +'%FT%TZ begins'; bash -c {shlex.quote(job)}; echo \"status $?\""
    # The log has the last run only, since nothing else would limit its size.
    logged = shlex.quote(f"{{ {run}; }} > {place}.log 2>&1")
    alone = f"flock -n {place}.lock bash -c {logged}"
    return in_container(Service.DISCOVERY, alone, detached=True)


def traces(place: str = PLACE) -> str:
    """Return a script for the host's shell that prints what `cron.read` reads of the log."""
    log = f"{place}.log"
    end = f"{{ grep ' begins$' {log} | tail -n 1; tail -n 60 {log}; }} 2>/dev/null"
    return in_container(Service.DISCOVERY, f"{end} | sed 's/^/{cron.PREFIX}log /'")
