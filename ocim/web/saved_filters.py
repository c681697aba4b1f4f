"""Saving filters under a name. Everybody has their own; a filter's link is anybody's."""

from urllib.parse import parse_qs

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from ocim.core.errors import ValidationError
from ocim.core.fleet_filter import FleetFilter
from ocim.store.models import SavedFilter
from ocim.web.actions import show_error
from ocim.web.fleet import address

MOST = 50
"""Maximum number of filters that a person can save."""
LONGEST_NAME = SavedFilter._meta.get_field("name").max_length or 0


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the filter under its name; a filter of that name is replaced."""
    name = " ".join(request.POST.get("name", "").split())
    try:
        query = FleetFilter.parse(parse_qs(request.POST.get("query", ""))).as_query()
        _require_name(name)
    except ValidationError as error:
        show_error(request, error)
        return redirect("instances")
    owner = request.user.pk or 0
    theirs = SavedFilter.objects.filter(user=owner)
    if theirs.exclude(name=name).count() >= MOST:
        messages.error(request, f"You have {MOST} saved filters: delete one first.")
    else:
        theirs.update_or_create(name=name, defaults={"query": query, "user_id": owner})
        messages.success(request, f"Saved the filter {name!r}.")
    return redirect(address(query))


@require_POST
def forget(request: HttpRequest, filter_id: int) -> HttpResponse:
    """Delete a saved filter of one's own."""
    saved = get_object_or_404(SavedFilter, pk=filter_id, user=request.user.pk)
    saved.delete()
    messages.success(request, f"Deleted the saved filter {saved.name!r}.")
    return redirect(address(saved.query))


def _require_name(name: str) -> None:
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise ValidationError(
            [f"A filter's name must have 1 to {LONGEST_NAME} characters, but is {name[:80]!r}."]
        )
