"""An instance's ecommerce and discovery: the switch, and what has been set up."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ocim.catalog.steps.all_steps import steps_of
from ocim.core.errors import OcimError
from ocim.core.instance import ALWAYS, Service
from ocim.operations import jobs
from ocim.operations.shop import status, switch
from ocim.operations.shop.set_up import request as request_set_up
from ocim.parsing.processors import read_processors
from ocim.store.models import OpenEdXInstance, ServiceStep, Verification
from ocim.store.specs import instance_spec, services_of
from ocim.tasks import enqueue
from ocim.web.actions import tell
from ocim.web.rights import may_change
from ocim.wiring import context

OPTIONAL = tuple(service for service in Service if service not in ALWAYS)


@require_safe
def services(request: HttpRequest, instance_id: int) -> HttpResponse:
    """What is on, and what the ledger says."""
    return _page(request, _instance(instance_id))


@require_POST
@may_change
def look(request: HttpRequest, instance_id: int) -> HttpResponse:
    """The same page with what the services say now: a program is started in each of them."""
    instance = _instance(instance_id)
    try:
        lines = status.status(instance, context())
    except OcimError as error:
        tell(request, error)
        return redirect("services", instance.pk)
    return _page(request, instance, lines=lines)


def _page(request: HttpRequest, instance: OpenEdXInstance, **more: Any) -> HttpResponse:
    shown: dict[str, Any] = {
        "instance": instance,
        "services": {one.value: one in services_of(instance) for one in OPTIONAL},
        "ledger": _ledger(instance),
        "verification": Verification.objects.filter(instance=instance).order_by("-id").first(),
        **more,
    }
    try:
        shown["warnings"] = switch.warnings(instance, context())
    except OcimError as error:
        tell(request, error)
    return render(request, "web/services.html", shown)


@require_POST
@may_change
def switch_services(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Turn on what is ticked and off what is not, with the shop's settings as they were typed."""
    instance = _instance(instance_id)
    wanted = [one for one in OPTIONAL if one.value in request.POST]
    unwanted = [one for one in OPTIONAL if one not in wanted and one in services_of(instance)]
    try:
        keys = request.POST.get("keys", "").strip()
        _, actions = switch.enable(
            instance_id=instance.pk,
            services=wanted,
            processors=read_processors(keys, where="keys") if keys else None,
            changes={
                "partner_code": request.POST.get("partner_code", "").strip(),
                "currency": request.POST.get("currency", "").strip().upper(),
            },
            context=context(),
        )
        if unwanted:
            _, more = switch.disable(instance_id=instance.pk, services=unwanted, context=context())
            actions += more
        enqueue(actions)
        messages.success(request, "Saved. The next app server has it.")
    except OcimError as error:
        tell(request, error)
    return redirect("services", instance.pk)


@require_POST
@may_change
def set_up(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Ask for what is owed to be done; with `force`, for drifts to be mended too."""
    instance = _instance(instance_id)
    try:
        job = request_set_up(
            instance,
            names=request.POST.getlist("step"),
            force="force" in request.POST,
            queue=settings.OCIM.queue_name,
            context=context(),
        )
        enqueue([jobs.wake_up(job)])
        messages.success(request, "Asked for. The app server's log says what is done.")
    except OcimError as error:
        tell(request, error)
    return redirect("services", instance.pk)


def _instance(instance_id: int) -> OpenEdXInstance:
    there = OpenEdXInstance.objects.select_related("ref_set", "database_server", "search_server")
    return get_object_or_404(there.defer("jwt_private_key"), pk=instance_id)


def _ledger(instance: OpenEdXInstance) -> list[dict[str, Any]]:
    """Every step that it owes, and when it was last done, or why not."""
    last = {one.step: one for one in ServiceStep.objects.filter(instance=instance).order_by("id")}
    owed = steps_of(instance_spec(instance, context().policy))
    return [{"step": step, "last": last.get(step.name)} for step in owed]
