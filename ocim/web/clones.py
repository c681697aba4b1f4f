"""The page that clones an instance."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ocim.core.access import Right
from ocim.core.errors import OcimError, ValidationError
from ocim.core.faults import sorted_faults
from ocim.core.names import contact_address
from ocim.operations import clones
from ocim.operations.instance_settings import LEADING
from ocim.presentation.instance_fields import LABELS
from ocim.store.models import OpenEdXInstance
from ocim.tasks import enqueue
from ocim.web.create import derived_from
from ocim.web.edit import whole_instance
from ocim.web.instance_form import Entry
from ocim.web.rights import require
from ocim.wiring import context

FIELDS = {LEADING: "Domain", "name": LABELS["name"], "email": LABELS["email"]}


@require_http_methods(["GET", "HEAD", "POST"])
def clone(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the form, and create the clone."""
    source = whole_instance(request, instance_id, Right.CONFIGURE)
    require(request, Right.SEE_SECRETS, source.ref_set.organization)  # it takes them over
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    if request.POST.get("step") != "create":
        return _form(request, source, typed)
    domain = typed[LEADING]
    try:
        made, _, actions = clones.request(
            source=source,
            domain=domain,
            name=typed["name"] or domain,
            email=typed["email"] or contact_address(domain),
            with_data="data" in request.POST,
            queue=settings.OCIM.queue_name,
            context=context(),
            creator_id=request.user.pk,
        )
    except OcimError as error:
        return _form(request, source, typed, error)
    enqueue(actions)
    messages.success(request, f"Created {made}, with the settings of {source}.")
    for warning in clones.warnings(made, source, context()):
        messages.warning(request, warning)
    return redirect("instance", made.pk)


def _form(
    request: HttpRequest,
    source: OpenEdXInstance,
    typed: dict[str, str],
    error: OcimError | None = None,
) -> HttpResponse:
    texts = error.faults if isinstance(error, ValidationError) else [str(error)] if error else []
    faults = sorted_faults(texts, FIELDS)
    entries = [
        Entry(name, label, typed[name], tuple(faults.by_field.get(name, ())))
        for name, label in FIELDS.items()
    ]
    shown = {
        "instance": source,
        "groups": [("", entries)],
        "faults": faults,
        "fault_count": len(texts),
        "data": "data" in request.POST,
        **derived_from(typed[LEADING]),
    }
    return render(request, "web/clone_instance.html", shown, status=422 if error else 200)
