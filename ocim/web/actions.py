"""Actions on app servers: their buttons, their confirmations, and the jobs they submit."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from ocim.core.access import Right
from ocim.core.errors import OcimError, ValidationError
from ocim.core.jobs import ActivateJob, DeactivateJob, Payload, TerminateJob
from ocim.core.states import AppServerState
from ocim.core.texts import listed
from ocim.operations import jobs
from ocim.operations.spawn import request as request_spawn
from ocim.store import selectors
from ocim.store.models import Job, OpenEdXAppServer
from ocim.tasks import enqueue
from ocim.web.rights import access, require
from ocim.wiring import context


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that an app server's state allows, with its button."""

    kind: str
    label: str
    consequence: str = ""
    """Text of the confirmation that is asked for; empty if none is needed."""


def offers(appserver: OpenEdXAppServer, *, active: int) -> list[Offer]:
    """Return the actions that are allowed; `active` counts the instance's active app servers."""
    match appserver.state:
        case AppServerState.RUNNING if appserver.is_active:
            consequence = (
                "It is the only active app server: visitors of the site will see the holding"
                " page until you activate another one."
            )
            return [Offer("deactivate", "Deactivate", consequence if active == 1 else "")]
        case AppServerState.RUNNING:
            return [Offer("activate", "Activate"), _TERMINATE]
        case AppServerState.FAILED:
            return [_TERMINATE]
    return []


_TERMINATE = Offer(
    "terminate",
    "Terminate",
    "Its host is destroyed with everything on it, and cannot be restored."
    " The instance's databases and uploads are kept.",
)


_PAYLOADS: dict[str, Callable[[tuple[int, ...]], Payload]] = {
    "activate": ActivateJob,
    "deactivate": DeactivateJob,
    "terminate": TerminateJob,
}


@require_POST
def spawn(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Submit a job that creates app servers; show the app server if it is one, or the instance."""
    instances = selectors.visible(selectors.instances(archived=True), access(request))
    instance = get_object_or_404(instances, pk=instance_id)
    require(request, Right.OPERATE, instance.ref_set.organization)
    try:
        appservers, job = request_spawn(
            instance=instance,
            queue=settings.OCIM.queue_name,
            context=context(),
            activate="activate" in request.POST,
            creator_id=request.user.pk,
        )
    except OcimError as error:
        show_error(request, error)
        return redirect("instance", instance_id)
    what = f"spawn {listed(appservers)}"
    _begin(request, job, f"{what}, and activate" if "activate" in request.POST else what)
    if len(appservers) == 1:
        return redirect("appserver", appservers[0].pk)
    return redirect("instance", instance_id)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, appserver_id: str, kind: str) -> HttpResponse:
    """Submit a job for an app server, after a confirmation if the action needs one."""
    appservers = selectors.visible(
        selectors.appservers(), access(request), to_instance="instance__"
    )
    appserver = get_object_or_404(appservers, pk=appserver_id)
    require(request, Right.OPERATE, appserver.instance.ref_set.organization)
    active = OpenEdXAppServer.objects.filter(instance=appserver.instance_id, is_active=True).count()
    allowed = {offer.kind: offer for offer in offers(appserver, active=active)}
    if not (offer := allowed.get(kind)):
        state = "active" if appserver.is_active else appserver.state
        messages.error(request, f"Cannot {kind} {appserver}: it is {state}.")
        return redirect("instance", appserver.instance_id)
    if request.method != "POST" or (offer.consequence and "confirmed" not in request.POST):
        return render(request, "web/confirm.html", {"appserver": appserver, "offer": offer})
    job = jobs.submit(
        target=appserver.instance,
        payload=_PAYLOADS[kind]((appserver.pk,)),
        queue=settings.OCIM.queue_name,
        creator_id=request.user.pk,
    )
    _begin(request, job, f"{kind} {appserver}")
    return redirect("instance", appserver.instance_id)


def _begin(request: HttpRequest, job: Job, what: str) -> None:
    messages.success(request, f"Requested: {what}.")
    try:
        enqueue([jobs.wake_up(job)])
    except OcimError as error:
        show_error(request, error)


def show_error(request: HttpRequest, error: OcimError) -> None:
    """Show an error as messages: every fault, then the remedy."""
    for problem in error.faults if isinstance(error, ValidationError) else (error.problem,):
        messages.error(request, problem)
    if error.remedy:
        messages.info(request, error.remedy)
