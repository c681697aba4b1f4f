"""Images that are built by a job, before app servers need them."""

from ocim.core import stopping
from ocim.core.actions import Action
from ocim.core.jobs import BuildImageJob
from ocim.operations import images, jobs
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.logs import Recorder, say
from ocim.store.models import Job, OpenEdXInstance


def request(instance: OpenEdXInstance, *, queue: str, context: Context) -> Job:
    """Submit the job that builds the image for the instance's next app server.

    Raise ValidationError if the settings are wrong, and Conflict if there can be no image.
    """
    images.of_instance(instance, context)
    return jobs.submit(target=instance, payload=BuildImageJob(), queue=queue)


def run(claim: Claim, _payload: BuildImageJob) -> list[Action]:
    """Build the image unless it exists; the job's log has what is done."""
    job, context = claim.job, claim.context
    claim.on_step("image")
    known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
    image = images.of_instance(known.get(pk=claim.instance_id), context)
    is_new = images.ensure(
        image, on_event=Recorder(job), is_cancelled=stopping.is_cancelled, context=context
    )
    text = f"Image {image.name} {'is built' if is_new else 'exists already'}."
    say(job, text, context=context)
    return []
