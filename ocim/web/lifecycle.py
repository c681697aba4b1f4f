"""Pages that hold, archive, restore and delete an instance, each after a confirmation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ocim.core.access import Right
from ocim.core.errors import OcimError, ValidationError
from ocim.core.faults import sorted_faults
from ocim.core.jobs import ArchiveJob
from ocim.operations import holds, instances, jobs, maintenance
from ocim.store.models import OpenEdXInstance
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.edit import whole_instance
from ocim.web.rights import access
from ocim.wiring import context


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an instance's life, with its confirmation."""

    kind: str
    label: str
    right: Right
    run: Callable[[HttpRequest, OpenEdXInstance], str]
    """Function that does it, and returns a sentence that says so."""
    consequence: str = ""
    is_danger: bool = False
    needs_name: bool = False
    """True if the instance's name has to be typed."""


def _archive(request: HttpRequest, instance: OpenEdXInstance) -> str:
    job = jobs.submit(
        target=instance,
        payload=ArchiveJob(),
        queue=settings.OCIM.queue_name,
        creator_id=request.user.pk,
    )
    enqueue([jobs.wake_up(job)])
    return "Requested: the instance goes off the web, and its app servers are destroyed."


def _unarchive(_request: HttpRequest, instance: OpenEdXInstance) -> str:
    enqueue(instances.unarchive(instance_id=instance.pk))
    return f"Unarchived {instance}. Spawn an app server, so that it serves again."


def _delete(request: HttpRequest, instance: OpenEdXInstance) -> str:
    instances.require_name(instance, request.POST.get("name", ""))
    enqueue(instances.delete(instance_id=instance.pk, context=context()))
    return f"Deleted {instance}."


def _release(_request: HttpRequest, instance: OpenEdXInstance) -> str:
    enqueue(holds.release(instance.pk))
    return "Released: rollouts include the instance again."


def _end_maintenance(_request: HttpRequest, instance: OpenEdXInstance) -> str:
    enqueue(maintenance.end(instance.pk))
    return "The maintenance is over: visitors see the site again."


RELEASE = Step("release", "Release", Right.OPERATE, _release)
END_MAINTENANCE = Step("end-maintenance", "End maintenance", Right.OPERATE, _end_maintenance)
ARCHIVE = Step(
    "archive",
    "Archive",
    Right.CONFIGURE,
    _archive,
    "It goes off the web, and its app servers and their hosts are destroyed. Its databases, uploads"
    " and settings are kept, and you can unarchive it.",
    is_danger=True,
)
UNARCHIVE = Step("unarchive", "Unarchive", Right.CONFIGURE, _unarchive)
DELETE = Step(
    "delete",
    "Delete",
    Right.CONFIGURE,
    _delete,
    "Its databases, search indexes and messages are deleted, and cannot be restored. Its uploads"
    " stay, for backups.",
    is_danger=True,
    needs_name=True,
)
STEPS = {step.kind: step for step in (RELEASE, END_MAINTENANCE, ARCHIVE, UNARCHIVE, DELETE)}


def steps_of(instance: OpenEdXInstance, allowed: frozenset[Right]) -> list[Step]:
    """Return the steps that the instance's state and somebody's rights allow."""
    reference = instance.ref_set
    possible = [RELEASE] if reference.hold_reason else []
    possible += [END_MAINTENANCE] if instance.maintenance else []
    possible += [UNARCHIVE, DELETE] if reference.is_archived else [ARCHIVE]
    return [step for step in possible if step.right in allowed]


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, instance_id: int, kind: str) -> HttpResponse:
    """Take a step, after a confirmation if it has consequences."""
    step = STEPS[kind]
    instance = whole_instance(request, instance_id, step.right)
    allowed = access(request).rights(instance.ref_set.organization)
    if step not in steps_of(instance, allowed):
        messages.error(request, f"Cannot {kind} {instance} as it is now.")
        return redirect("instance", instance.pk)
    if request.method != "POST" or (step.consequence and "confirmed" not in request.POST):
        return render(request, "web/confirm_step.html", {"instance": instance, "step": step})
    try:
        messages.success(request, step.run(request, instance))
    except OcimError as error:
        show_error(request, error)
        return redirect("instance", instance.pk)
    return redirect("instances") if step is DELETE else redirect("instance", instance.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the form of a hold, and hold the instance."""
    instance = whole_instance(request, instance_id, Right.OPERATE)
    reference = instance.ref_set
    stored = {
        "reason": reference.hold_reason,
        "from": str(reference.held_from or ""),
        "until": str(reference.held_until or ""),
    }
    typed = {name: request.POST.get(name, text).strip() for name, text in stored.items()}
    error = None
    if request.method == "POST":
        try:
            days = {name: _day(name, typed[name]) for name in ("from", "until")}
            holds.hold(
                instance.pk,
                reason=typed["reason"],
                since=days["from"],
                until=days["until"],
                context=context(),
            )
        except ValidationError as fault:
            error = fault
        else:
            messages.success(request, "Held: rollouts leave the instance out.")
            return redirect("instance", instance.pk)
    faults = sorted_faults(error.faults if error else (), typed)
    shown = {"instance": instance, "typed": typed, "faults": faults.by_field}
    return render(request, "web/hold.html", shown, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def begin_maintenance(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the form of a maintenance page, and let visitors see that page."""
    instance = whole_instance(request, instance_id, Right.OPERATE)
    message = request.POST.get("message", instance.maintenance or maintenance.DEFAULT_MESSAGE)
    faults: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            enqueue(maintenance.begin(instance.pk, message=message.replace("\r\n", "\n")))
        except ValidationError as error:
            faults = sorted_faults(error.faults, ["message"]).by_field
        else:
            messages.success(request, "Visitors see the maintenance page.")
            return redirect("instance", instance.pk)
    shown = {"instance": instance, "message": message, "faults": faults}
    return render(request, "web/maintenance.html", shown, status=422 if faults else 200)


def _day(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError([f"{name}: {text!r} is no day; 2026-06-12 is one."]) from None
