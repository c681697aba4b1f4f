"""Pages of the settings that all instances share, or those of an organization."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from ocim.core.access import Right
from ocim.core.errors import Conflict, OcimError, ValidationError
from ocim.core.faults import sorted_faults
from ocim.core.fleet_filter import LONGEST_ID
from ocim.operations import shared_settings
from ocim.operations.instance_settings import without_secrets
from ocim.parsing.extra_settings import SHARED
from ocim.presentation.variables import row_of
from ocim.store.models import SharedSettings
from ocim.store.selectors import find_instance
from ocim.web.instance_form import Entry
from ocim.web.rights import access, require
from ocim.wiring import context


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """Show the settings of the fleet and of each organization that somebody may see."""
    organizations = shared_settings.visible(access(request))
    stored = SharedSettings.objects.in_bulk(organizations, field_name="organization")
    rows = [
        {
            "settings": stored.get(name) or SharedSettings(organization=name),
            "may_edit": access(request).may(Right.CONFIGURE, name),
            "text": without_secrets(stored[name].text, where=SHARED) if name in stored else "",
        }
        for name in organizations
    ]
    return render(request, "web/shared_settings.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Show the form; after "preview" what changes, and after "save" store it."""
    organization = request.GET.get("organization", "")
    require(request, Right.CONFIGURE, organization)
    try:
        row = shared_settings.read(organization)
    except Conflict as error:
        raise Http404(str(error)) from None
    text = request.POST.get(SHARED, row.text).replace("\r\n", "\n")
    step = request.POST.get("step")
    version = request.POST.get("version", "")
    if step not in ("preview", "save"):
        return _form(request, row, text)
    try:
        if step == "preview":
            return _preview(request, row, text, version)
        shared_settings.change(
            organization=organization,
            text=text,
            version=int(version) if version.isdecimal() and len(version) <= LONGEST_ID else -1,
            context=context(),
        )
    except OcimError as error:
        return _form(request, row, text, error)
    messages.success(
        request,
        "Saved. App servers keep their variables; the next ones that are spawned have these.",
    )
    return redirect("shared-settings")


def _form(
    request: HttpRequest, row: SharedSettings, text: str, error: OcimError | None = None
) -> HttpResponse:
    is_invalid = isinstance(error, ValidationError)
    texts = error.faults if isinstance(error, ValidationError) else [str(error)] if error else []
    faults = sorted_faults(texts, [SHARED])
    entry = Entry(
        SHARED,
        "Variables",
        text,
        tuple(faults.by_field.get(SHARED, ())),
        tuple(faults.lines.get(SHARED, ())),
    )
    shown = {
        "settings": row,
        "entry": entry,
        "groups": [("", [entry])],
        "faults": faults,
        "fault_count": len(texts),
        "remedy": error.remedy if isinstance(error, ValidationError) else "",
        "version": row.version,
        "typed_instance": request.POST.get("instance", ""),
        "address": _address(row),
        "present": row.text if error and not is_invalid else "",
    }
    status = 422 if is_invalid else 409 if error else 200
    return render(request, "web/edit_shared_settings.html", shown, status=status)


def _preview(request: HttpRequest, row: SharedSettings, text: str, version: str) -> HttpResponse:
    chosen = request.POST.get("instance", "").strip()
    effect = shared_settings.preview(
        organization=row.organization,
        text=text,
        instance_id=find_instance(chosen).pk if chosen else None,
        context=context(),
    )
    shown: dict[str, Any] = {
        "settings": row,
        "name": SHARED,
        "text": text,
        "version": version,
        "effect": effect,
        "typed_instance": chosen,
        "variables": [row_of(change) for change in effect.variables],
        "address": _address(row),
    }
    return render(request, "web/preview_shared_settings.html", shown)


def _address(row: SharedSettings) -> str:
    query = f"?{urlencode({'organization': row.organization})}" if row.organization else ""
    return reverse("edit-shared-settings") + query
