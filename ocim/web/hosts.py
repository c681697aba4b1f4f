"""Pages of hosts, and of the images that hosts are made from."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ocim.core.access import FLEET, Right
from ocim.core.errors import OcimError
from ocim.operations import chores, image_builds, jobs
from ocim.operations import hosts as operations
from ocim.operations import images as image_operations
from ocim.presentation import hosts as presentation
from ocim.presentation.texts import size
from ocim.store.lent_machines import StoredMachines
from ocim.store.models import OpenEdXInstance, Server
from ocim.store.selectors import find_instance
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.confirm import Question, ask, is_confirmed
from ocim.web.rights import access, require
from ocim.wiring import context, queue_name

STOP = Question(
    title="Stop all hosts of kind {}?",
    consequence="Their sites are off the web until somebody starts them. Their files are kept.",
    label="Stop the hosts",
    back=("hosts",),
)
STOP_ONE = Question(
    title="Stop host {}?",
    consequence="What it serves is off the web until somebody starts it. Its files are kept.",
    label="Stop the host",
    back=("hosts",),
)

REMOVE = Question(
    title="Remove image {}?",
    consequence="No host needs it. An app server with the same sources builds it anew.",
    label="Remove the image",
    back=("images",),
)


@require_safe
def hosts(request: HttpRequest) -> HttpResponse:
    """Show all hosts with what they belong to, and the machines of the pool that are kept out."""
    require(request, Right.VIEW, FLEET)
    rows: list[dict[str, Any]] = []
    try:
        rows = [_underscored(row) for row in presentation.rows()]
    except OcimError as error:
        show_error(request, error)
    known = Server.objects.in_bulk([row["host"] for row in rows], field_name="name")
    shown = {
        "rows": [{**row, "server": known.get(row["host"])} for row in rows],
        "providers": sorted({row["provider"] for row in rows}),
        "orphans": any(row["state"] == presentation.ORPHAN for row in rows),
        "kept_out": [machine for machine in StoredMachines().all() if machine.kept_out],
        "may": access(request).of_fleet,
    }
    return render(request, "web/hosts.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: HttpRequest, provider: str, step: str) -> HttpResponse:
    """Submit the job that starts, or after a confirmation stops, a host or all of a provider."""
    require(request, Right.CONFIGURE, FLEET)
    names = [name for name in (request.GET.get("host") or request.POST.get("host"),) if name]
    if step == "stop" and not is_confirmed(request):
        question = replace(STOP_ONE, fields={"host": names[0]}) if names else STOP
        return ask(request, question.about(names[0] if names else provider))
    if request.method == "POST":
        try:
            job = chores.request_hosts(
                provider=provider,
                names=names,
                start=step == "start",
                queue=queue_name(),
                context=context(),
            )
            enqueue([jobs.wake_up(job)])
        except OcimError as error:
            show_error(request, error)
        else:
            return redirect("job", job.pk)
    return redirect("hosts")


@require_POST
def readmit(request: HttpRequest, machine: str) -> HttpResponse:
    """Let a machine of the pool that is kept out be used again."""
    require(request, Right.CONFIGURE, FLEET)
    try:
        operations.readmit(machine)
        messages.success(request, f"{machine} may be used again.")
    except OcimError as error:
        show_error(request, error)
    return redirect("hosts")


@require_safe
def images(request: HttpRequest) -> HttpResponse:
    """Show all images with their sources and the hosts that were made from them."""
    require(request, Right.VIEW, FLEET)
    rows = [
        {"image": image, "inputs": image.inputs, "size": size(image.size)}
        for image in image_operations.listed(context())
    ]
    may = access(request).of_fleet
    names = OpenEdXInstance.objects.filter(ref_set__is_archived=False).order_by("name")
    shown = {
        "rows": rows,
        "may": may,
        "domains": names.values_list("internal_lms_domain", flat=True)[:200],
    }
    return render(request, "web/images.html", shown)


@require_POST
def build_image(request: HttpRequest) -> HttpResponse:
    """Submit the job that builds the image for an instance's next app server."""
    require(request, Right.CONFIGURE, FLEET)
    try:
        pk = find_instance(request.POST.get("instance", "").strip()).pk
        known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
        job = image_builds.request(known.get(pk=pk), queue=queue_name(), context=context())
        enqueue([jobs.wake_up(job)])
    except OcimError as error:
        show_error(request, error)
        return redirect("images")
    return redirect("job", job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def remove_image(request: HttpRequest, provider: str, name: str) -> HttpResponse:
    """Remove an image that no host needs, after a confirmation."""
    require(request, Right.CONFIGURE, FLEET)
    if not is_confirmed(request):
        return ask(request, REMOVE.about(name))
    try:
        image_operations.remove(provider=provider, name=name, context=context())
        messages.success(request, f"Removed image {name}.")
    except OcimError as error:
        show_error(request, error)
    return redirect("images")


def _underscored(row: dict[str, object]) -> dict[str, Any]:
    return {name.replace(" ", "_"): value for name, value in row.items()}
