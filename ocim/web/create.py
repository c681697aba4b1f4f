"""The page that creates an instance, which shows the addresses that a domain results in."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ocim.core.access import Right
from ocim.core.errors import OcimError, ValidationError
from ocim.core.faults import sorted_faults
from ocim.core.names import contact_address
from ocim.operations import instances
from ocim.operations.instance_settings import DATABASE_SERVER, LEADING, with_defaults
from ocim.presentation.instance_fields import LABELS, addresses
from ocim.store.models import DatabaseServer
from ocim.tasks import enqueue
from ocim.web.instance_form import CHOICES, Entry
from ocim.web.rights import access, require
from ocim.wiring import context, instance_defaults

FIELDS = {
    LEADING: "Domain",
    **{name: LABELS[name] for name in ("name", "email", "organization")},
    **{name: LABELS[name] for name in ("openedx_release", "provisioner", "provider")},
    DATABASE_SERVER: "Database server",
}


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Show the form, and create the instance that was typed."""
    organizations = access(request).organizations(Right.CONFIGURE)
    if organizations == frozenset():
        raise PermissionDenied
    defaults = {
        "openedx_release": instance_defaults()["openedx_release"],
        "organization": "" if organizations is None else min(organizations),
    }
    typed = {name: request.POST.get(name, defaults.get(name, "")) for name in FIELDS}
    if request.POST.get("step") != "create":
        return _form(request, typed)
    require(request, Right.CONFIGURE, typed["organization"])
    fields = {name: text for name, text in typed.items() if text}
    try:
        instance, actions = instances.create(
            fields=with_defaults({LEADING: "", **fields}, instance_defaults(), context()),
            context=context(),
            creator_id=request.user.pk,
        )
    except OcimError as error:
        return _form(request, typed, error)
    enqueue(actions)
    messages.success(request, f"Created {instance}. Spawn an app server, so that it can serve.")
    return redirect("instance", instance.pk)


@require_safe
def derived(request: HttpRequest) -> HttpResponse:
    """Show the addresses of the domain that somebody types."""
    return render(request, "web/_addresses.html", derived_from(request.GET.get(LEADING, "")))


def _form(
    request: HttpRequest, typed: dict[str, str], error: OcimError | None = None
) -> HttpResponse:
    texts = error.faults if isinstance(error, ValidationError) else [str(error)] if error else []
    faults = sorted_faults(texts, FIELDS)
    shown = {
        "groups": [("", [_entry(request, name, typed[name], faults.by_field) for name in FIELDS])],
        "faults": faults,
        "fault_count": len(texts),
        "remedy": error.remedy if isinstance(error, ValidationError) else "",
        **derived_from(typed[LEADING]),
    }
    return render(request, "web/create_instance.html", shown, status=422 if error else 200)


def _entry(request: HttpRequest, name: str, value: str, faults: dict[str, list[str]]) -> Entry:
    organizations = access(request).organizations(Right.CONFIGURE)
    servers = DatabaseServer.objects.filter(accepts_new_clients=True).order_by("name")
    choices = {
        **{name: ("", *values) for name, values in CHOICES.items()},
        "organization": sorted(organizations or ()),
        DATABASE_SERVER: ["", *servers.values_list("name", flat=True)],
    }
    return Entry(
        name, FIELDS[name], value, tuple(faults.get(name, ())), choices=choices.get(name, ())
    )


def derived_from(domain: str) -> dict[str, Any]:
    """Return what the template of the addresses shows."""
    domain = domain.strip()
    return {
        "addresses": addresses(domain) if domain else {},
        "contact": contact_address(domain.lower()),
    }
