"""The page of an instance's ecommerce and discovery: settings, set-up steps, verification."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ocim.catalog.steps.all_steps import steps_of
from ocim.core.access import Right
from ocim.core.actions import Action
from ocim.core.errors import OcimError
from ocim.core.instance import ALWAYS, Service
from ocim.operations import jobs
from ocim.operations.shop import status, switch
from ocim.operations.shop.set_up import request as request_set_up
from ocim.parsing.processors import read_processors
from ocim.store.models import SHARED_SERVERS, OpenEdXInstance, ServiceStep, Verification
from ocim.store.selectors import visible
from ocim.store.specs import instance_spec, services_of
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.rights import access, require
from ocim.wiring import context

OPTIONAL = tuple(service for service in Service if service not in ALWAYS)
TYPED = ("partner_code", "currency", "keys")
"""Fields of the form, beside a box for each service."""


@require_safe
def services(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the settings, and when each set-up step was last done."""
    return _page(request, _instance(request, instance_id, Right.VIEW))


@require_POST
def look(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the page with the steps' states now; this starts a program in each service."""
    instance = _instance(request, instance_id, Right.OPERATE)
    try:
        lines = status.status(instance, context())
    except OcimError as error:
        show_error(request, error)
        return redirect("services", instance.pk)
    return _page(request, instance, lines=lines)


def _page(
    request: HttpRequest, instance: OpenEdXInstance, *, status: int = 200, **more: Any
) -> HttpResponse:
    shown: dict[str, Any] = {
        "instance": instance,
        "may": access(request).rights(instance.ref_set.organization),
        "services": {service.value: service in services_of(instance) for service in OPTIONAL},
        "typed": {name: getattr(instance, name, "") for name in TYPED},
        "ledger": _ledger(instance),
        "verification": Verification.objects.filter(instance=instance).order_by("-id").first(),
        **more,
    }
    try:
        shown["warnings"] = switch.warnings(instance, context())
    except OcimError as error:
        show_error(request, error)
    return render(request, "web/services.html", shown, status=status)


@require_POST
def switch_services(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Enable the ticked services with the typed settings, and disable the others."""
    instance = _instance(request, instance_id, Right.OPERATE)
    wanted = [service for service in OPTIONAL if service.value in request.POST]
    off = [service for service in services_of(instance) if service in {*OPTIONAL} - {*wanted}]
    typed = {name: request.POST.get(name, "").strip() for name in TYPED}
    actions: list[Action] = []
    try:
        keys = read_processors(typed["keys"], where="keys") if typed["keys"] else None
        changes = {"partner_code": typed["partner_code"], "currency": typed["currency"].upper()}
        with transaction.atomic():
            if off:  # first, so that what is wrong with one of these keeps nobody from this
                _, actions = switch.disable(
                    instance_id=instance.pk, services=off, context=context()
                )
            _, more = switch.enable(
                instance_id=instance.pk,
                services=wanted,
                processors=keys,
                changes=changes,
                context=context(),
            )
    except OcimError as error:
        show_error(request, error)
        shown = {service.value: service in wanted for service in OPTIONAL}
        return _page(request, instance, status=422, typed=typed, services=shown)
    enqueue([*actions, *more])
    messages.success(request, "Saved. New app servers get these settings.")
    return redirect("services", instance.pk)


@require_POST
def set_up(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Submit a job that runs the pending set-up steps; with `force`, it overwrites edits."""
    instance = _instance(request, instance_id, Right.OPERATE)
    try:
        job = request_set_up(
            instance,
            names=request.POST.getlist("step"),
            force="force" in request.POST,
            queue=settings.OCIM.queue_name,
            context=context(),
        )
        enqueue([jobs.wake_up(job)])
        messages.success(request, "Requested. The app server's log shows the progress.")
    except OcimError as error:
        show_error(request, error)
    return redirect("services", instance.pk)


def _instance(request: HttpRequest, instance_id: int, right: Right) -> OpenEdXInstance:
    instances = OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS)
    instances = visible(instances.defer("jwt_private_key"), access(request))
    instance = get_object_or_404(instances, pk=instance_id)
    require(request, right, instance.ref_set.organization)
    return instance


def _ledger(instance: OpenEdXInstance) -> list[dict[str, Any]]:
    """Return the set-up steps, each with its latest run, or None if it never ran."""
    runs = ServiceStep.objects.filter(instance=instance).order_by("id")
    latest = {run.step: run for run in runs}
    steps = steps_of(instance_spec(instance, context().policy))
    return [{"step": step, "last": latest.get(step.name)} for step in steps]
