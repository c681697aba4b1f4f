"""Changes of the instances that somebody selected on the page of the fleet, each confirmed."""

from urllib.parse import parse_qs, urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ocim.core.access import Right
from ocim.core.errors import OcimError, ValidationError
from ocim.core.faults import FormFaults, sorted_faults
from ocim.core.fleet_filter import LONGEST_ID, FleetFilter
from ocim.core.texts import plural
from ocim.operations.bulk import Outcome
from ocim.store import fleet
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.bulk_changes import CHANGES, DEFAULTS, FIELDS, Change, Instances, ids_of
from ocim.web.fleet import address, visible
from ocim.web.rights import access
from ocim.wiring import current_time

LISTED = 100
"""Maximum number of instances that the confirmation lists by name."""
LONGEST_FILTER = 5000
"""Maximum length of a filter, which addresses quote: Django leads to none over 16,384 letters."""


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Show what would change, and change it once it is confirmed."""
    asked = request.POST if request.method == "POST" else request.GET
    query = asked.get("filter", "")
    if len(query) > LONGEST_FILTER:
        messages.error(request, f"The filter has over {LONGEST_FILTER} letters. Select anew.")
        return redirect("instances")
    return _change(request, asked, query)


def _change(request: HttpRequest, asked: QueryDict, query: str) -> HttpResponse:
    kind = asked.get("change", "")
    if kind == "rollout" and ("all" in asked or "id" in asked):
        picked = urlencode([("id", text) for text in asked.getlist("id")])
        selection = query if "all" in asked else picked
        return redirect(f"{reverse('plan-rollout')}?{urlencode({'filter': selection})}")
    if kind not in CHANGES:
        messages.error(request, "Select instances, and choose what to do with them.")
        return redirect(address(query))
    try:
        selected = _confirmed(request) if "ids" in request.POST else _selected(request, query)
    except ValidationError as error:
        show_error(request, error)
        return redirect("instances")
    instances = _theirs(request, selected)
    chosen, count = CHANGES[kind], instances.count()
    if not count or (chosen.most and count > chosen.most):
        text = f"At most {chosen.most} at once: narrow the filter, or plan a rollout."
        messages.error(request, text if count else "No instance is selected.")
        return redirect(address(query))
    faults = FormFaults()
    if "confirmed" in request.POST:
        try:
            outcome = chosen.run(request, instances)
        except ValidationError as error:
            faults = sorted_faults(error.faults, FIELDS)
        else:
            _tell(request, chosen, outcome)
            return redirect(address(query))
    shown = {
        "kind": kind,
        "change": chosen,
        "query": query,
        "address": address(query),
        "count": count,
        "listed": instances[:LISTED],
        "hidden": max(0, count - LISTED),
        "ids": " ".join(map(str, ids_of(instances))),
        "left_out": selected.count() - count,
        "faults": faults,
        "typed": {**DEFAULTS, **request.POST.dict()},
    }
    return render(request, "web/bulk.html", shown)


def _selected(request: HttpRequest, query: str) -> Instances:
    """Return the instances that are checked, or (`all`) all that the filter selects."""
    if "all" in request.GET:
        chosen = FleetFilter.parse(parse_qs(query))
    else:
        chosen = FleetFilter.parse({"id": request.GET.getlist("id")})
        if not chosen.id:
            return visible(request).none()
    return fleet.filtered(visible(request), chosen, now=current_time())


def _confirmed(request: HttpRequest) -> Instances:
    """Return the instances that the confirmation listed, and no others that match by now."""
    words = request.POST["ids"].split()
    if not all(word.isascii() and word.isdecimal() and len(word) <= LONGEST_ID for word in words):
        raise ValidationError(["These are no ids of instances."], remedy="Select them again.")
    return visible(request).filter(pk__in=[int(word) for word in words])


def _theirs(request: HttpRequest, instances: Instances) -> Instances:
    """Return the instances that the user may change. Raise PermissionDenied without a role."""
    organizations = access(request).organizations(Right.OPERATE)
    if organizations is not None:
        if not organizations:
            raise PermissionDenied
        instances = instances.filter(ref_set__organization__in=organizations)
    return instances.select_related("ref_set").order_by("name", "id")


def _tell(request: HttpRequest, chosen: Change, outcome: Outcome) -> None:
    text = f"{chosen.done.capitalize()}: {plural(outcome.done, 'instance')}."
    messages.success(request, text.replace("of: ", "of "))
    for fault in outcome.faults:
        messages.error(request, fault)
    try:
        enqueue(dict.fromkeys(outcome.actions))
    except OcimError as error:
        show_error(request, error)
