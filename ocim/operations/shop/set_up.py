"""Set-up steps as a job, on the app server that serves the instance now."""

from functools import partial

from ocim.core.actions import Action
from ocim.core.errors import Conflict
from ocim.core.jobs import SetUpJob
from ocim.core.states import AppServerState
from ocim.operations import jobs
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.logs import say
from ocim.operations.shop import steps
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance
from ocim.store.selectors import appservers_with_specs


def request(
    instance: OpenEdXInstance, *, names: list[str], force: bool, queue: str, context: Context
) -> Job:
    """Submit the job that runs the pending set-up steps of these names, or all.

    `force` overwrites changes by hand. Raise Conflict if no app server runs, and ValidationError if
    a step does not exist.
    """
    appserver = served_by(instance)
    steps.chosen(appserver, names, context)
    return jobs.submit(
        target=instance,
        payload=SetUpJob(appserver.pk, tuple(names), force),
        queue=queue,
    )


def run(claim: Claim, payload: SetUpJob) -> list[Action]:
    """Run the payload's pending set-up steps."""
    context = claim.context
    appserver = appservers_with_specs().get(pk=payload.appserver)
    on_line = partial(say, appserver, context=context)
    chosen = steps.chosen(appserver, payload.steps, context)
    if not appserver.is_active:
        for step in [step for step in chosen if step.public]:
            on_line(f"{step.name}: left until the app server is active.")
            chosen.remove(step)
    steps.carry_out(appserver, chosen, context, force=payload.force, on_line=on_line)
    return []


def served_by(instance: OpenEdXInstance) -> OpenEdXAppServer:
    """Return the newest active app server, or else the newest running one.

    Raise Conflict if none runs.
    """
    running = appservers_with_specs().filter(instance=instance, state=AppServerState.RUNNING)
    appserver = running.order_by("-is_active", "-id").first()
    if appserver is None:
        raise Conflict(
            f"No app server of {instance} runs.",
            remedy=f"Spawn one: ocim appserver spawn {instance.pk} --activate",
        )
    return appserver
