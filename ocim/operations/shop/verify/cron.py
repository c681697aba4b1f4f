"""Check of discovery's hourly job, and of its last run."""

from collections.abc import Iterator

from django.utils.dateparse import parse_datetime

from ocim.catalog.steps import cron, hourly
from ocim.catalog.steps.discovery import STEPS
from ocim.catalog.variables.discovery import LOG
from ocim.core.instance import Service
from ocim.core.provisioning import TUTOR
from ocim.core.verification import Line
from ocim.operations.shop import remote
from ocim.operations.shop.verify.lines import failed, ok, skipped
from ocim.operations.shop.verify.scene import Scene
from ocim.store.models import ServiceStep

TIMEOUT = 60.0
"""Longest time of the script on the host, in seconds."""


def job(scene: Scene) -> Iterator[Line]:
    """Check the hourly job in the host's crontabs and in the logs of its runs."""
    if not scene.has(Service.DISCOVERY):
        return
    crontab = _crontab(scene)
    if scene.appserver.provisioner == TUTOR:
        yield ok("discovery: cron job", "Ocim starts it every hour: containers have no cron")
        yield _last_run(scene, crontab)
        return
    if crontab.entry:
        yield ok("discovery: cron job", " ".join(crontab.entry.split()[:5]))
        yield _last_run(scene, crontab)
        return
    yield failed(
        "discovery: cron job",
        "no crontab on the app server has refresh_course_metadata",
        "Courses do not get to the catalogue by themselves; `ocim services setup"
        f" {scene.name} --step job --force` adds the job again.",
    )


def _log(scene: Scene) -> str:
    in_container = f"{hourly.PLACE}.log in discovery's container"
    return in_container if scene.appserver.provisioner == TUTOR else LOG


def is_at_limit(scene: Scene) -> bool:
    """Return True if the job's last run stopped at update_index's limit."""
    last = cron.last_run(_crontab(scene))
    return last is not None and last.at_limit


def _crontab(scene: Scene) -> cron.Job:
    script = hourly.traces() if scene.appserver.provisioner == TUTOR else cron.SCRIPT
    ran = remote.run_on_host(scene.appserver, script, scene.context, timeout=TIMEOUT)
    return cron.read(ran.output)


def _is_from_before(scene: Scene, started: str) -> bool:
    """Return True if the run began before a set-up step of discovery was last done.

    An app server that is not active yet has the job, but no partner.
    """
    begun = parse_datetime(started)
    done = ServiceStep.objects.filter(
        instance_id=scene.appserver.instance_id,
        step__in=[step.name for step in STEPS],
        applied__isnull=False,
    )
    return begun is not None and done.filter(created_at__gt=begun).exists()


def _last_run(scene: Scene, crontab: cron.Job) -> Line:
    name, last = "discovery: last run of the cron job", cron.last_run(crontab)
    if last is None:
        return skipped(name, "it has not run yet, or leaves no log")
    if last.status is None:
        return skipped(name, f"begun at {last.started}; how it ended is not known")
    if last.status == 0:
        return ok(name, f"begun at {last.started}, exit status 0")
    if _is_from_before(scene, last.started):
        return skipped(name, f"begun at {last.started}, before discovery was set up")
    if last.at_limit:
        return skipped(
            name,
            f"begun at {last.started}, stopped at update_index's limit: {last.reason}",
            f"If so large a change is right, {scene.again('indexes')} accepts it; the lines below"
            " say whether courses are missing.",
        )
    return failed(
        name,
        f"begun at {last.started}, exit status {last.status}: {last.reason}",
        f"`ocim appserver shell {scene.appserver.pk}` leads to its log, {_log(scene)}. If the run"
        " now, below, is well, the next one of the job will be.",
    )
