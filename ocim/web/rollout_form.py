"""The guided form of a rollout: choose instances, say what changes, see the plan, confirm it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ocim.core.access import Right
from ocim.core.errors import OcimError, ValidationError
from ocim.core.faults import FormFaults, sorted_faults
from ocim.core.fleet_filter import FleetFilter
from ocim.operations.rollouts.begin import begin
from ocim.operations.rollouts.plan import Plan, make_plan
from ocim.operations.rollouts.request import read_request
from ocim.operations.rollouts.selection import within
from ocim.parsing.document import Written
from ocim.parsing.faults import refuse
from ocim.parsing.sql_text import read_statements
from ocim.parsing.yaml_text import parse
from ocim.presentation.plan_text import plan_lines
from ocim.store import fleet
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.fleet import address, chips, visible
from ocim.web.rights import access
from ocim.wiring import context, current_time, queue_name

Field = tuple[str, str, str, str]
"""Name, kind, label and help of a field."""
GROUPS: tuple[tuple[str, tuple[Field, ...], dict[str, str]], ...] = (
    (
        "Change",
        (
            ("tag", "line", "Tag", "It names the rollout. Instances that succeed get it."),
            ("update", "yaml", "Fields to change", "YAML, such as name: text. Empty: none."),
            ("preupgrade_sql_commands", "yaml", "SQL to run before", "A YAML list. Empty: none."),
        ),
        {
            "backup": "Dump the databases first",
            "strict_sql": "Fail an instance when its SQL fails",
            "no_activate": "Do not activate the new app servers",
        },
    ),
    (
        "Pace",
        (
            ("batch_size", "number", "Upgrades in parallel", "Empty: 2."),
            ("stagger", "number", "Seconds between starts", "Empty: 0."),
            ("window", "line", "Hours of starts", "Such as 22:00-05:00, in each time zone."),
            ("waves", "line", "Waves", "Such as 3,10%,tag:early: these go first. Empty: no waves."),
        ),
        {"approve_waves": "Wait for approval before each wave but the first"},
    ),
    (
        "Failures",
        (
            ("num_attempts", "number", "Attempts for each instance", "Empty: 1."),
            ("max_failures", "line", "Failures allowed", "A number or such as 5%. Empty: all."),
            ("max_same_cause", "number", "Pause at failures of one cause", "Empty: 3. 0: never."),
        ),
        {"retry_failed": "Take instances again that are tagged TAG-failed"},
    ),
    ("Start", (("at", "moment", "Begin at", "Empty: at once. It is planned anew then."),), {}),
)
"""Parts of the form: title, fields (name, kind, label and help), and flags with their labels."""
FIELDS = [name for _, fields, _ in GROUPS for name, *_ in fields]
FLAGS = [name for _, _, flags in GROUPS for name in flags]


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest) -> HttpResponse:
    """Show the form; then the plan that it makes; and begin it once its tag is typed."""
    if access(request).organizations(Right.RELEASE) == frozenset():
        raise PermissionDenied
    posted = request.POST
    query = posted.get("filter", request.GET.get("filter", ""))
    try:
        chosen = FleetFilter.parse(parse_qs(query))
    except ValidationError as error:
        show_error(request, error)
        return redirect("instances")
    ids = _ids(request, chosen)
    shown: dict[str, Any] = {
        "query": query,
        "address": address(query),
        "chips": chips(chosen),
        "count": len(ids),
        "typed": {name: posted.get(name, "") for name in (*FIELDS, "zone")},
        "ticked": [name for name in FLAGS if name in posted],
    }
    if not posted or "edit" in posted:
        return _form(request, shown, FormFaults())
    try:
        made = _plan(request, ids)
    except ValidationError as error:
        return _form(request, shown, sorted_faults(error.faults, FIELDS))
    if "plan" in posted and made.items:
        if posted["plan"] != made.hash:
            messages.error(request, "The plan changed since you saw it. Look at it again.")
        elif posted.get("confirmation", "") != made.request.tag:
            messages.error(request, f"Type the tag {made.request.tag!r} to confirm the rollout.")
        else:
            return _begin(request, made)
    shown |= {"plan": made, "lines": list(plan_lines(made))}
    return render(request, "web/preview_rollout.html", shown)


def _begin(request: HttpRequest, made: Plan) -> HttpResponse:
    try:
        rollout, actions = begin(made, context=context(), creator_id=request.user.pk)
    except OcimError as error:
        show_error(request, error)
        return redirect("rollouts")
    done = "Scheduled" if made.request.at else "Started"
    messages.success(request, f"{done} rollout {rollout.pk}.")
    try:
        enqueue(actions)
    except OcimError as error:
        show_error(request, error)
    return redirect("rollout", rollout.pk)


def _form(request: HttpRequest, shown: Mapping[str, Any], faults: FormFaults) -> HttpResponse:
    groups = [
        (
            title,
            [_entry(field, shown["typed"], faults) for field in fields],
            [(name, label, name in shown["ticked"]) for name, label in flags.items()],
        )
        for title, fields, flags in GROUPS
    ]
    return render(
        request, "web/plan_rollout.html", {**shown, "groups": groups, "others": faults.others}
    )


def _entry(field: Field, typed: Mapping[str, str], faults: FormFaults) -> dict[str, Any]:
    """Return what the template shows of a field."""
    name, kind, label, text = field
    value = typed[name]
    lines = range(1, max(3, value.count("\n") + 2))
    return {
        "name": name,
        "kind": kind,
        "label": label,
        "help": text,
        "value": value,
        "zone": typed["zone"],
        "faults": faults.by_field.get(name, ()),
        "rows": len(lines),
        "lines": [(line, line in faults.lines.get(name, ())) for line in lines],
    }


def _ids(request: HttpRequest, chosen: FleetFilter) -> list[int]:
    """Return the ids of the instances that are selected, of those that the user may release."""
    instances = fleet.filtered(visible(request), chosen, now=current_time())
    organizations = access(request).organizations(Right.RELEASE)
    if organizations is not None:
        instances = instances.filter(ref_set__organization__in=organizations)
    return list(instances.order_by("pk").values_list("pk", flat=True))


def _plan(request: HttpRequest, ids: list[int]) -> Plan:
    """Return the plan of the form. Raise ValidationError with all that is wrong."""
    texts = {name: request.POST.get(name, "").strip() for name in FIELDS}
    options: dict[str, Any] = {name: text for name, text in texts.items() if text}
    options |= {name: True for name in FLAGS if name in request.POST}
    options |= {"filter": {"id__in": ids}, "queue": queue_name()}
    options.setdefault("tag", "")
    if "at" in options:
        options["at"] = _with_offset(options["at"], request.POST.get("zone", ""))
    allowed = access(request).organizations(Right.RELEASE)
    return make_plan(within(read_request(options, _read), allowed), context=context())


def _with_offset(text: str, zone: str) -> str:
    """Return a time of the viewer's clock with its offset; unchanged if it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone or "UTC")).isoformat()
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return text


def _read(option: str, value: Any) -> Any:
    """Return what a field's YAML says; ids come as they are."""
    if not isinstance(value, str):
        return value
    if option == "--preupgrade-sql-commands":
        return read_statements(value, where=option)
    document = parse(value)
    refuse(document.faults, where=option)
    if not isinstance(document.value, dict):
        return document.value
    return Written(document.value, document.written)
