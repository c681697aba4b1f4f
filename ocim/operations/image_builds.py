"""Images that are built by a job, before app servers need them."""

from ocim.core import stopping
from ocim.core.actions import Action
from ocim.core.audit import AuditAction
from ocim.core.jobs import BuildImageJob
from ocim.core.provisioning import TUTOR
from ocim.operations import audit, images, jobs
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.logs import Recorder, say
from ocim.operations.provisioners import provisioner_of
from ocim.store.models import Job, OpenEdXInstance
from ocim.store.specs import source_of


def request(instance: OpenEdXInstance, *, queue: str, context: Context) -> Job:
    """Submit the job that builds the image for the instance's next app server.

    Raise ValidationError if the settings are wrong, and Conflict if there can be no image.
    """
    if instance.provisioner != TUTOR:  # whose check wants the image that is to be built
        images.of_instance(instance, context)
    return jobs.submit(target=instance, payload=BuildImageJob(), queue=queue)


def run(claim: Claim, _payload: BuildImageJob) -> list[Action]:
    """Build the image unless it exists; the job's log has what is done."""
    job, context = claim.job, claim.context
    claim.on_step("image")
    known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
    instance = known.get(pk=claim.instance_id)
    if instance.provisioner == TUTOR:
        _build_container_image(instance, job, context)
        return []
    image = images.of_instance(instance, context)
    is_new = images.ensure(
        image, on_event=Recorder(job), is_cancelled=stopping.is_cancelled, context=context
    )
    text = f"Image {image.name} {'is built' if is_new else 'exists already'}."
    say(job, text, context=context)
    return []


def _build_container_image(instance: OpenEdXInstance, job: Job, context: Context) -> None:
    values = effective_variables(instance, context.policy).values
    planned = images.planned_run(source_of(instance), values, context=context)
    image = provisioner_of(planned.source, context).build_container_image(
        planned, on_event=Recorder(job), is_cancelled=stopping.is_cancelled
    )
    built = {"id": image.identifier, "pushed": image.pushed}
    audit.record(
        AuditAction.IMAGE_BUILD, audit.Target("image", image.name, image.name), after=built
    )
    say(job, f"Image {image.name} is {image.identifier}.", context=context)
    if image.pushed:
        say(job, f"The registry has it as {image.pushed}.", context=context)
