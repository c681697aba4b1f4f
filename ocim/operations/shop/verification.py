"""Verification as a job: of the app server that serves an instance."""

from ocim.core.actions import Action
from ocim.core.errors import Conflict
from ocim.core.job_storage import progress_from_json
from ocim.core.jobs import VerificationProgress, VerifyJob
from ocim.operations import jobs
from ocim.operations.claim import Claim
from ocim.operations.shop.verify import verify
from ocim.operations.shop.verify.run import require_services
from ocim.store.models import Job, OpenEdXInstance, Verification
from ocim.store.selectors import appservers_with_specs


def request(instance: OpenEdXInstance, *, purchase: bool, queue: str) -> Job:
    """Submit the job that verifies the app server that serves the instance.

    Raise Conflict if none serves it, or if it has neither ecommerce nor discovery.
    """
    active = appservers_with_specs().filter(instance=instance, is_active=True)
    appserver = active.order_by("-id").first()
    if appserver is None:
        raise Conflict(
            f"No app server serves {instance}.",
            remedy=f"Spawn one: ocim appserver spawn {instance.pk} --activate",
        )
    require_services(appserver)
    return jobs.submit(target=instance, payload=VerifyJob(appserver.pk, purchase), queue=queue)


def run(claim: Claim, payload: VerifyJob) -> list[Action]:
    """Verify the payload's app server. A check that fails is in the report, and no failure here."""
    claim.on_step("verification")
    verify(
        appservers_with_specs().get(pk=payload.appserver),
        claim.context,
        purchase=payload.purchase,
        on_start=lambda record: claim.record(VerificationProgress(record.pk)),
    )
    return []


def record_of(job: Job) -> Verification | None:
    """Return the record of the job's last attempt. None: it has not begun."""
    progress = progress_from_json(job.kind, job.memory)
    if not isinstance(progress, VerificationProgress) or progress.verification is None:
        return None
    return Verification.objects.filter(pk=progress.verification).first()
