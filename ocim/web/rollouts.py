"""Pages of rollouts: the list, one rollout, and its report as a file."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ocim.core.access import Right
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import duration
from ocim.operations.access import organizations_of, rights_for
from ocim.operations.rollouts.record import Line, Report
from ocim.operations.rollouts.report import report
from ocim.presentation.page import as_html, template_values, variables
from ocim.presentation.table import as_csv
from ocim.store import selectors
from ocim.store.models import Rollout
from ocim.web.describe import lacks_worker
from ocim.web.rights import access
from ocim.web.rollout_actions import offers, visible_rollout
from ocim.wiring import context

MOST = 100
"""Maximum number of instances on the page; the report has all."""
FIRST = (UpgradeState.RUNNING, UpgradeState.FAILED)
"""States of upgrades that the page shows first."""
OPEN = (UpgradeState.PENDING, UpgradeState.RUNNING)
FORMS: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("text/html", as_html),
    "csv": ("text/csv", as_csv),
    "json": ("application/json", lambda record: json.dumps(asdict(record), indent=2, default=str)),
}


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """Show all rollouts, newest first."""
    rows = selectors.visible_rollouts(selectors.rollouts(), access(request))
    may_plan = access(request).organizations(Right.RELEASE) != frozenset()
    return render(request, "web/rollouts.html", {"rows": rows, "may_plan": may_plan})


@require_safe
def rollout(request: HttpRequest, rollout_id: int) -> HttpResponse:
    """Show a rollout. Its change token is read first, so that no later change is missed."""
    rollout = visible_rollout(request, rollout_id)
    token = selectors.rollout_change_tokens([rollout_id])[rollout_id]
    progress = _progress(request, rollout)
    page = {
        **progress,
        "variables": variables(progress["report"]),
        "token": token,
        "forms": FORMS,
        "queue": rollout.queue,
        "lacks_worker": rollout.state == RolloutState.RUNNING and lacks_worker(rollout.queue),
    }
    return render(request, "web/rollout.html", page)


@require_safe
def progress(request: HttpRequest, rollout_id: int) -> HttpResponse:
    """Show the part of a rollout's page that changes while it goes on."""
    rollout = visible_rollout(request, rollout_id)
    return render(request, "web/_rollout_progress.html", _progress(request, rollout))


@require_safe
def download(request: HttpRequest, rollout_id: int, form: str) -> HttpResponse:
    """Send a rollout's report as a file."""
    if form not in FORMS:
        raise Http404(f"No report as {form!r}.")
    kind, written = FORMS[form]
    text = written(report(visible_rollout(request, rollout_id).pk, context().now()))
    name = f"rollout-{rollout_id}.{form}"
    return HttpResponse(
        text,
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _progress(request: HttpRequest, rollout: Rollout) -> dict[str, Any]:
    whole = report(rollout.pk, context().now())
    part = whole.of(sorted(whole.instances, key=_urgency)[:MOST])
    done = sum(whole.counts.get(state, 0) for state in UpgradeState if state not in OPEN)
    possible = offers(rollout, whole.counts)
    return {
        **template_values(part),
        "report": whole,
        "may": rights_for(access(request), organizations_of(rollout)),
        "offers": possible,
        "may_retry": any(offer.kind == "retry" for offer in possible),
        "done": done,
        "total": len(whole.instances),
        "hidden": len(whole.instances) - len(part.instances),
        "left": duration(whole.seconds_left),
        "is_scheduled": whole.state == RolloutState.SCHEDULED,
    }


def _urgency(line: Line) -> int:
    return FIRST.index(UpgradeState(line.state)) if line.state in FIRST else len(FIRST)
