"""Work on the installation as a whole, as jobs: examinations, and hosts that start or stop."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from ocim.core.actions import Action
from ocim.core.errors import OcimError, TransientError
from ocim.core.jobs import ExamineJob, StartHostsJob, StopHostsJob
from ocim.core.texts import listed
from ocim.operations import doctor, hosts, jobs
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.findings import Check, Finding, examine, key_of, repair
from ocim.operations.logs import say
from ocim.store.claims import write_leased
from ocim.store.models import Chore, Job, Lease
from ocim.store.selectors import open_jobs

KEPT = 10
"""Number of the newest chores that are kept besides those at work."""
EXAMINATION = "installation"
WIDTH = Chore._meta.get_field("what").max_length


def request_examination(*, repair: Sequence[str] = (), repair_all: bool = False, queue: str) -> Job:
    """Submit the job that examines the installation, and repairs the findings with these keys.

    Return the job of an examination that only examines, if one is not over yet.
    """
    with transaction.atomic():
        latest = latest_examination()
        if latest and not repair and not repair_all and (job := open_jobs(latest).first()):
            return job
        chore = _begin(EXAMINATION)
        payload = ExamineJob(chore.pk, tuple(repair), repair_all)
        return jobs.submit(target=chore, payload=payload, queue=queue)


def request_hosts(
    *, provider: str, names: Sequence[str] = (), start: bool, queue: str, context: Context
) -> Job:
    """Submit the job that starts or stops hosts of a provider: these, or without names all.

    Raise ValidationError if there is no such provider or host.
    """
    hosts.require(names, provider=provider, context=context)
    names = tuple(dict.fromkeys(names))
    what = f"host {names[0]}" if len(names) == 1 else f"hosts of {provider}"
    with transaction.atomic():
        payload = StartHostsJob(provider, names) if start else StopHostsJob(provider, names)
        return jobs.submit(target=_begin(what[:WIDTH]), payload=payload, queue=queue)


def latest_examination() -> Chore | None:
    """Return the examination that was requested last; None if there is none."""
    return Chore.objects.filter(what=EXAMINATION).order_by("-id").first()


def run_examination(claim: Claim, payload: ExamineJob) -> list[Action]:
    """Run every check, and store its findings as they come. Return what repairs want done."""
    chore = Chore.objects.get(pk=payload.chore)
    rows: list[dict[str, Any]] = []
    actions: list[Action] = []
    for check, findings in examine(doctor.CHECKS, claim.context):
        claim.on_step(check.area)
        for finding in findings:
            row = _row(check, finding)
            rows.append(row)
            if finding.repair and (payload.repair_all or row["key"] in payload.repair):
                try:
                    actions += repair(check, finding)
                    row["is_repaired"] = True
                except OcimError as error:
                    row["error"] = str(error)
        write_leased(chore, lease=claim.lease, findings=rows)
    return actions


def start_hosts(claim: Claim, payload: StartHostsJob) -> list[Action]:
    """Start hosts of the provider. Raise TransientError with those that do not start."""
    claim.on_step("hosts")
    of, context = payload.provider, claim.context
    if payload.hosts:
        failed = hosts.start(payload.hosts, provider=of, context=context)
    else:
        failed = hosts.start_all(provider=of, context=context)
    if failed:
        raise TransientError(f"Hosts that did not start: {listed(failed)}.")
    return []


def stop_hosts(claim: Claim, payload: StopHostsJob) -> list[Action]:
    """Stop hosts of the provider, and tell which in the log."""
    claim.on_step("hosts")
    of, names = payload.provider, list(payload.hosts)
    if names:
        hosts.stop(names, provider=of, context=claim.context)
    else:
        names = hosts.stop_all(provider=of, context=claim.context)
    say(claim.job, f"Stopped: {listed(names) or 'none'}.", context=claim.context)
    return []


def _begin(what: str) -> Chore:
    """Create a chore, and forget those that are over, except the newest."""
    old = Chore.objects.exclude(lease__job__state__in=jobs.OPEN).order_by("-id")[KEPT:]
    leases = list(old.values_list("lease", flat=True))
    Chore.objects.filter(lease__in=leases).delete()
    Lease.objects.filter(pk__in=leases).delete()
    return Chore.objects.create(what=what)


def _row(check: Check, finding: Finding) -> dict[str, Any]:
    return {
        "key": key_of(check, finding),
        "area": check.area,
        "severity": finding.severity,
        "what": finding.what,
        "where": finding.where,
        "remedy": finding.remedy,
        "is_repairable": finding.repair is not None,
        "is_repaired": False,
        "error": "",
    }
