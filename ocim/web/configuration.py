"""The page of an instance's effective configuration: layers, search, differences to what serves."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ocim.core.access import Right
from ocim.core.errors import OcimError
from ocim.core.variables import Effective, dotted
from ocim.operations.effective import effective_variables
from ocim.operations.rollouts.variables import Changes, live_variables
from ocim.presentation.variables import row_of
from ocim.web.describe import by_layer
from ocim.web.edit import whole_instance
from ocim.web.templatetags.web_text import value
from ocim.wiring import context


@require_safe
def configuration(request: HttpRequest, instance_id: int) -> HttpResponse:
    """Show the variables of the next app server, those with the text `q` if it is set."""
    instance = whole_instance(request, instance_id, Right.VIEW)
    query = request.GET.get("q", "").strip()
    shown: dict[str, Any] = {"instance": instance, "query": query}
    try:
        variables = effective_variables(instance, context().policy)
    except OcimError as error:
        return render(request, "web/configuration.html", {**shown, "fault": error})
    found = _matching(variables, query.lower())
    shown |= {"layers": by_layer(found), "count": len(found.leaves), "total": len(variables.leaves)}
    live = live_variables([instance]).get(instance.pk)
    if live:
        changes = Changes().of(live, variables, variables.values)
        shown |= {"has_live": True, "variables": [row_of(change) for change in changes]}
    return render(request, "web/configuration.html", shown)


def _matching(variables: Effective, query: str) -> Effective:
    """Return the variables whose name, or value as it is shown, has the text."""
    leaves = (
        leaf
        for leaf in variables.leaves
        if query in dotted(leaf.path).lower() or query in value(leaf.value).lower()
    )
    return replace(variables, leaves=tuple(leaves))
