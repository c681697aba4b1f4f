"""The page of the superusers of an instance's LMS."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ocim.core.access import Right
from ocim.core.errors import OcimError
from ocim.operations import superusers
from ocim.operations.jobs import wake_up
from ocim.store import selectors
from ocim.store.models import OpenEdXInstance
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.rights import access, require
from ocim.wiring import context, queue_name


@require_safe
def show(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the form; the list is asked for, as it takes seconds."""
    return _page(request, _instance(request, instance_id))


@require_POST
def look(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the superusers; this starts a program in the LMS."""
    instance = _instance(request, instance_id)
    try:
        return _page(request, instance, users=superusers.listed(instance, context()))
    except OcimError as error:
        show_error(request, error)
        return redirect("superusers", instance.pk)


@require_POST
def change(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Submit the job that makes a superuser or, with `remove`, takes that away."""
    instance = _instance(request, instance_id)
    try:
        job = superusers.request(
            instance,
            name=request.POST.get("name", ""),
            email=request.POST.get("email", ""),
            make="remove" not in request.POST,
            queue=queue_name(),
        )
        enqueue([wake_up(job)])
    except OcimError as error:
        show_error(request, error)
        return _page(request, instance, typed=request.POST)
    messages.success(request, "Requested. The app server's log shows the result.")
    return redirect("job", job.pk)


def _instance(request: HttpRequest, instance_id: int) -> OpenEdXInstance:
    instances = selectors.visible(selectors.instances(archived=True), access(request))
    instance = get_object_or_404(instances, pk=instance_id)
    require(request, Right.CONFIGURE, instance.ref_set.organization)
    return instance


def _page(request: HttpRequest, instance: OpenEdXInstance, **more: Any) -> HttpResponse:
    return render(request, "web/superusers.html", {"instance": instance, **more})
