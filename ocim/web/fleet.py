"""The page of the fleet: counts, search, filters, order and pages of instances."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from ocim.core.access import Right
from ocim.core.errors import ValidationError
from ocim.core.fleet_filter import ORDERS, FleetFilter, Health
from ocim.core.instance import ALWAYS, Service
from ocim.core.provisioning import PROVISIONERS
from ocim.core.states import InstanceState, RolloutState
from ocim.store import fleet, selectors
from ocim.store.models import InstanceTag, OpenEdXAppServer, OpenEdXInstance, SavedFilter
from ocim.web.describe import lacks_worker, site_url
from ocim.web.rights import access
from ocim.wiring import PROVIDERS, current_time

PLACES = ("before", "after")
"""Parameters that say which page of the list is shown."""
PAGE_SIZE = 50
"""Number of instances on a page."""
SUGGESTED = 100
"""Maximum number of values that a field suggests."""
TAGS_SHOWN = 3
COUNT_QUERIES = {
    **{state.value: FleetFilter(state=(state,)).as_query() for state in InstanceState},
    Health.DEGRADED.value: FleetFilter(health=(Health.DEGRADED,)).as_query(),
    "in maintenance": FleetFilter(maintenance=True).as_query(),
}
"""Filters to which the counts lead."""
LABELS = {"q": "Search", "sort": "Sort by"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show a page of the instances that a filter selects. Answer htmx with the list alone."""
    instances = visible(request)
    try:
        chosen = FleetFilter.parse(dict(request.GET.lists()), besides=PLACES)
        shown = _results(instances, chosen, request)
    except ValidationError as error:
        chosen, shown = FleetFilter(), {"fault": error}
    may_create = access(request).organizations(Right.CONFIGURE) != frozenset()
    may_operate = access(request).organizations(Right.OPERATE) != frozenset()
    shown |= {"chosen": chosen, "query": chosen.as_query(), "may_create": may_create}
    may_release = access(request).organizations(Right.RELEASE) != frozenset()
    shown |= {"may_operate": may_operate, "may_release": may_release}
    status = 400 if "fault" in shown else 200
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    shown["is_part"] = is_part
    if is_part:
        part = render(request, "web/_fleet.html", shown, status=status)
        return push_url(part, address(shown["query"]))
    rollouts = selectors.visible_rollouts(selectors.rollouts(), access(request))
    shown |= {
        "counts": _counts(instances),
        "selects": _selects(chosen),
        "suggestions": _suggestions(instances, chosen),
        "more": _more(chosen),
        "is_narrowed": any(name not in ("q", "sort") for name, _ in chosen.as_pairs()),
        "saved": SavedFilter.objects.filter(user=request.user.pk).order_by("name"),
        "lacks_worker": lacks_worker(),
        "rollouts": rollouts.exclude(state=RolloutState.ENDED),
    }
    return render(request, "web/fleet.html", shown, status=status)


def visible(request: HttpRequest) -> QuerySet[OpenEdXInstance]:
    """Return the instances that the user may view, archived ones included."""
    return selectors.visible(OpenEdXInstance.objects.all(), access(request))


def address(query: str) -> str:
    """Return the address of the page with a query string, which may be empty."""
    return reverse("instances") + (f"?{query}" if query else "")


def chips(chosen: FleetFilter) -> list[dict[str, str]]:
    """Return each value of a filter with its label, and the query string without it."""
    pairs = chosen.as_pairs()
    return [
        {
            "label": LABELS.get(name, name.capitalize()),
            "value": value,
            "without": urlencode([pair for pair in pairs if pair != (name, value)]),
        }
        for name, value in pairs
    ]


def _results(
    instances: QuerySet[OpenEdXInstance], chosen: FleetFilter, request: HttpRequest
) -> dict[str, Any]:
    matching = fleet.filtered(instances, chosen, now=current_time())
    before, after = (request.GET.get(name, "") for name in PLACES)
    page = fleet.page(matching, chosen.sort, size=PAGE_SIZE, before=before, after=after)
    return {
        "page": page,
        "rows": _rows(page.ids),
        "total": matching.count(),
        "chips": chips(chosen),
        "is_empty_fleet": not page.ids and not instances.exists(),
    }


def _rows(ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return what the table shows of the instances, in the order of their ids. Two queries."""
    appservers = OpenEdXAppServer.objects.filter(instance=OuterRef("pk"))
    unhealthy = appservers.filter(is_active=True, unhealthy_since__isnull=False)
    newest = appservers.order_by("-id").values("created")[:1]
    found = (
        selectors.instances(archived=True)
        .annotate(is_degraded=Exists(unhealthy), newest_created=newest)
        .prefetch_related("tags")
        .in_bulk(list(ids))
    )
    rows = []
    for instance in (found[pk] for pk in ids if pk in found):
        tags = sorted(tag.name for tag in instance.tags.all())
        rows.append(
            {
                "instance": instance,
                "status": selectors.status_of(instance),
                "held": instance.hold.coming_or_on(current_time()),
                "url": site_url(instance),
                "tags": tags[:TAGS_SHOWN],
                "more_tags": len(tags[TAGS_SHOWN:]),
            }
        )
    return rows


def _counts(instances: QuerySet[OpenEdXInstance]) -> list[tuple[str, int, str]]:
    """Return the name and the number of each count, and the query string that lists them."""
    counts = fleet.counts(instances)
    return [(name, count, COUNT_QUERIES[name]) for name, count in counts.items()]


def _selects(chosen: FleetFilter) -> list[dict[str, Any]]:
    """Return the fields of the form that have a few known values, with the one that is chosen."""
    choices: dict[str, tuple[str, Iterable[str]]] = {
        "state": ("All but archived", InstanceState),
        "health": ("Any", Health),
        "held": ("Any", ("yes", "no")),
        "maintenance": ("Any", ("yes", "no")),
        "service": ("Any", [service for service in Service if service not in ALWAYS]),
        "provisioner": ("Any", PROVISIONERS),
        "provider": ("Any", PROVIDERS),
        "sort": ("", [f"{dash}{order}" for order in ORDERS for dash in ("", "-")]),
    }
    values = _first_values(chosen)
    return [
        {
            "name": name,
            "label": LABELS.get(name, name.capitalize()),
            "otherwise": otherwise,
            "options": [(str(value), _words(name, str(value))) for value in values_of],
            "value": values.get(name, chosen.sort if name == "sort" else ""),
        }
        for name, (otherwise, values_of) in choices.items()
    ]


def _words(name: str, value: str) -> str:
    if name != "sort":
        return value.capitalize()
    order = value.removeprefix("-")
    if order == "created":
        return "Newest first" if value.startswith("-") else "Oldest first"
    return f"{order.capitalize()}, Z to A" if value.startswith("-") else order.capitalize()


def _suggestions(instances: QuerySet[OpenEdXInstance], chosen: FleetFilter) -> list[dict[str, Any]]:
    """Return the fields of the form that suggest values. A query for each field."""
    values = _first_values(chosen)
    tagged = InstanceTag.openedxinstance_set.through.objects.filter(
        instancetag=OuterRef("pk"), openedxinstance__in=instances.values("pk")
    )
    columns = {
        "release": instances.values_list("openedx_release", flat=True),
        "tag": InstanceTag.objects.filter(Exists(tagged)).values_list("name", flat=True),
        "organization": instances.values_list("ref_set__organization", flat=True),
    }
    return [
        {
            "name": name,
            "label": name.capitalize(),
            "value": values.get(name, ""),
            "options": [text for text in _distinct(column) if text],
        }
        for name, column in columns.items()
    ]


def _distinct(column: Any) -> Iterable[str]:
    [name] = column.query.values_select
    texts: Iterable[str] = column.order_by(name).distinct()[:SUGGESTED]
    return texts


def _first_values(chosen: FleetFilter) -> dict[str, str]:
    return dict(reversed(chosen.as_pairs()))


def _more(chosen: FleetFilter) -> list[tuple[str, str]]:
    """Return the pairs for which the form has no field: more values of a field, and ids."""
    first = {name: value for name, value in _first_values(chosen).items() if name != "id"}
    return [pair for pair in chosen.as_pairs() if first.get(pair[0]) != pair[1]]
