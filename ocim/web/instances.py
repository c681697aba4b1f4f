"""The fleet, and one instance of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ocim.core.errors import OcimError
from ocim.core.instance import ALWAYS
from ocim.core.states import AppServerState, JobState, RolloutState
from ocim.operations.effective import effective_variables
from ocim.store import selectors
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import services_of
from ocim.web.actions import offers
from ocim.web.describe import by_layer, in_words, in_work, nobody_works, site_url
from ocim.wiring import context

ENDED_SHOWN = 20
"""How many terminated app servers an instance's page lists."""


@require_safe
def fleet(request: HttpRequest) -> HttpResponse:
    """All instances and how they are."""
    archived = "archived" in request.GET
    found = selectors.instances(archived=archived).select_related("ref_set", "database_server")
    rows = [
        {"instance": one, "status": selectors.status_of(one), "url": site_url(one)}
        for one in found.defer("database_server__admin_password")
    ]
    shown = {
        "rows": rows,
        "archived": archived,
        "nobody_works": nobody_works(),
        "rollouts": selectors.rollouts().exclude(state=RolloutState.ENDED),
    }
    return render(request, "web/instances.html", shown)


@require_safe
def instance(request: HttpRequest, instance_id: int) -> HttpResponse:
    """One instance: its app servers, what is being done, and its configuration."""
    mark = selectors.change_tokens([instance_id])[instance_id]
    found = get_object_or_404(
        selectors.instances(archived=True)
        .select_related("ref_set__creator", "database_server")
        .defer(None),
        pk=instance_id,
    )
    shown = {**_progress(found), "mark": mark, "nobody_works": nobody_works()}
    shown["last_upgrade"] = found.upgrade_set.select_related("rollout").order_by("-id").first()
    shown["held"] = found.hold.coming_or_on(context().now())
    shown["services"] = sorted(services_of(found) - ALWAYS)
    try:
        shown["layers"] = by_layer(effective_variables(found, context().policy))
    except OcimError as error:
        shown["fault"] = error
    return render(request, "web/instance.html", shown)


@require_safe
def progress(request: HttpRequest, instance_id: int) -> HttpResponse:
    """The part of the page that changes while one looks at it."""
    found = selectors.instances(archived=True).select_related("ref_set", "database_server")
    one = get_object_or_404(found, pk=instance_id)
    return render(request, "web/_instance_progress.html", _progress(one))


def _progress(instance: OpenEdXInstance) -> dict[str, Any]:
    jobs = list(selectors.open_jobs(instance.pk))
    busy = in_work(jobs)
    active: int = instance.active_count  # type: ignore[attr-defined]
    there = selectors.appservers(instance.pk)
    rows = [
        {
            "appserver": one,
            "offers": [] if one.pk in busy else offers(one, active=active),
        }
        for one in there.exclude(state=AppServerState.TERMINATED)
    ]
    last = selectors.last_job(instance.pk)
    status = selectors.status_of(instance)
    return {
        "instance": instance,
        "url": site_url(instance),
        "status": status,
        "meaning": selectors.STATUSES[status],
        "jobs": in_words(jobs),
        "failed_job": last if last and last.state == JobState.FAILED else None,
        "rows": rows,
        "ended": there.filter(state=AppServerState.TERMINATED)[:ENDED_SHOWN],
    }
