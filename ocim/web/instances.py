"""The page of one instance."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ocim.core.errors import OcimError
from ocim.core.instance import ALWAYS
from ocim.core.states import AppServerState, JobState
from ocim.operations.effective import effective_variables
from ocim.operations.jobs import description
from ocim.store import selectors
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import services_of, source_of
from ocim.web.actions import offers
from ocim.web.describe import busy_appservers, job_rows, lacks_worker, site_url
from ocim.web.lifecycle import steps_of
from ocim.web.rights import access
from ocim.wiring import context

ENDED_SHOWN = 20
"""Maximum number of terminated app servers that an instance's page lists."""


@require_safe
def instance(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show an instance: its app servers, its open jobs and its details."""
    token = selectors.change_tokens([instance_id])[instance_id]
    row = get_object_or_404(
        _visible(request).select_related("ref_set__creator", "database_server").defer(None),
        pk=instance_id,
    )
    shown = {**_progress(request, row), "token": token, "lacks_worker": lacks_worker()}
    shown["last_upgrade"] = row.upgrade_set.select_related("rollout").order_by("-id").first()
    shown["held"] = row.hold.coming_or_on(context().now())
    shown["tags"] = row.tags.order_by("name").values_list("name", flat=True)
    shown["source"] = source_of(row)
    shown["steps"] = steps_of(row, shown["may"])
    shown["services"] = sorted(services_of(row) - ALWAYS)
    try:
        effective_variables(row, context().policy)
    except OcimError as error:
        shown["fault"] = error
    return render(request, "web/instance.html", shown)


@require_safe
def progress(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the part of the page that changes while it is open."""
    instance = get_object_or_404(
        _visible(request).select_related("database_server"), pk=instance_id
    )
    return render(request, "web/_instance_progress.html", _progress(request, instance))


def _visible(request: HttpRequest, *, archived: bool = True) -> QuerySet[OpenEdXInstance]:
    return selectors.visible(selectors.instances(archived=archived), access(request))


def _progress(request: HttpRequest, instance: OpenEdXInstance) -> dict[str, Any]:
    jobs = list(selectors.open_jobs(instance))
    busy = busy_appservers(jobs)
    active: int = instance.active_count  # type: ignore[attr-defined]
    appservers = selectors.appservers(instance.pk)
    rows = [
        {
            "appserver": appserver,
            "offers": [] if appserver.pk in busy else offers(appserver, active=active),
        }
        for appserver in appservers.exclude(state=AppServerState.TERMINATED)
    ]
    last = selectors.last_job(instance)
    failed = last if last and last.state == JobState.FAILED else None
    status = selectors.status_of(instance)
    return {
        "instance": instance,
        "may": access(request).rights(instance.ref_set.organization),
        "url": site_url(instance),
        "status": status,
        "meaning": selectors.STATUSES[status],
        "jobs": job_rows(jobs),
        "failed_job": failed,
        "failed_text": description(failed) if failed else "",
        "rows": rows,
        "ended": appservers.filter(state=AppServerState.TERMINATED)[:ENDED_SHOWN],
    }
