"""The page that edits an instance: a form, a preview of what changes, and the change itself."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from ocim.catalog.secrets.masking import mask_text
from ocim.core.access import Right
from ocim.core.errors import ValidationError
from ocim.core.texts import plural
from ocim.operations import instances
from ocim.operations.instance_edits import preview
from ocim.operations.instance_settings import EXTRA_SETTINGS, without_secrets
from ocim.operations.instance_versions import Outdated, version_of, was_kept
from ocim.operations.masked_text import secrets_mask
from ocim.presentation.instance_fields import LABELS
from ocim.presentation.variables import row_of
from ocim.store import selectors
from ocim.store.models import SHARED_SERVERS, OpenEdXInstance
from ocim.tasks import enqueue
from ocim.web.instance_form import (
    TEXTS,
    changes_of,
    groups_of,
    shown_values,
    typed_values,
    value_of,
)
from ocim.web.rights import access, require
from ocim.wiring import context


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the form; after "preview" what changes, and after "save" store it."""
    instance = whole_instance(request, instance_id, Right.OPERATE)
    shown = _shown(request, instance)
    typed = typed_values(request.POST, shown)
    step = request.POST.get("step")
    if step not in ("preview", "save"):
        return _form(request, instance, typed)
    version = request.POST.get("version", "")
    try:
        changes = changes_of(typed, shown, instance)
        if "organization" in changes:
            require(request, Right.CONFIGURE, _organization(instance), changes["organization"])
        if not changes:
            messages.info(request, "Nothing is changed.")
            return _form(request, instance, typed)
        if step == "preview":
            return _preview(request, instance, typed, changes, version)
        _, actions = instances.change(
            instance_id=instance.pk, changes=changes, context=context(), version=version
        )
    except ValidationError as error:
        mask = secrets_mask(instance.configuration_extra_settings)
        masked = ValidationError([mask(fault) for fault in error.faults], remedy=error.remedy)
        return _form(request, instance, typed, masked)
    except Outdated as error:
        return _conflict(request, instance, typed, version, error)
    enqueue(actions)
    messages.success(
        request, "Saved. App servers keep their settings; the next one that is spawned has these."
    )
    return redirect("instance", instance.pk)


def whole_instance(request: HttpRequest, instance_id: int, right: Right) -> OpenEdXInstance:
    """Return an instance with its secrets and servers.

    Raise Http404 unless it is visible, and PermissionDenied without the right.
    """
    rows = OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS)
    instance = get_object_or_404(selectors.visible(rows, access(request)), pk=instance_id)
    require(request, right, _organization(instance))
    return instance


def _organization(instance: OpenEdXInstance) -> str:
    return str(instance.ref_set.organization)


def _shown(request: HttpRequest, instance: OpenEdXInstance) -> dict[str, str]:
    secrets = access(request).may(Right.SEE_SECRETS, _organization(instance))
    return shown_values(instance, secrets=secrets)


def _form(
    request: HttpRequest,
    instance: OpenEdXInstance,
    typed: Mapping[str, str],
    error: ValidationError | None = None,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    read_only = {
        "notes": mask_text(instance.ref_set.notes),
        EXTRA_SETTINGS: without_secrets(instance.configuration_extra_settings),
    }
    groups, faults = groups_of(typed, error, read_only=read_only)
    shown = {
        "instance": instance,
        "groups": groups,
        "faults": faults,
        "fault_count": len(error.faults) if error else 0,
        "remedy": error.remedy if error else "",
        "version": request.POST.get("version") or version_of(instance),
        **more,
    }
    return render(request, "web/edit_instance.html", shown, status=422 if error else status)


def _preview(
    request: HttpRequest,
    instance: OpenEdXInstance,
    typed: Mapping[str, str],
    changes: Mapping[str, Any],
    version: str,
) -> HttpResponse:
    effect = preview(instance_id=instance.pk, changes=changes, context=context(), version=version)
    before = _shown(request, instance)
    fields = [
        (LABELS[name], "" if name in TEXTS else before[name], _brief(name, typed[name]))
        for name in changes
    ]
    shown = {
        "instance": instance,
        "typed": typed,
        "version": version,
        "fields": fields,
        "variables": [row_of(change) for change in effect.variables],
        "warnings": effect.warnings,
    }
    return render(request, "web/preview_edit.html", shown)


def _brief(name: str, value: str) -> str:
    return plural(len(value.splitlines()), "line") if name in TEXTS else value


def _conflict(
    request: HttpRequest,
    instance: OpenEdXInstance,
    typed: Mapping[str, str],
    version: str,
    error: Outdated,
) -> HttpResponse:
    """Show the form with the present values, except in fields that somebody typed in here."""
    instance = whole_instance(request, instance.pk, Right.OPERATE)
    present = _shown(request, instance)
    merged = dict(typed)
    for name in error.fields:
        with suppress(ValidationError):
            if name in typed and was_kept(
                instance, name, value_of(name, typed[name], present, instance), version
            ):
                merged[name] = present[name]
    theirs = [
        (LABELS[name], present.get(name, "(not shown)"), merged.get(name) != present.get(name))
        for name in error.fields
    ]
    return _form(request, instance, merged, status=409, theirs=theirs, version=version_of(instance))
