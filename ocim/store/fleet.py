"""Instances by a FleetFilter, in its order, page by page. For the pages, the API and selections.

Conditions that few instances meet are subqueries without a reference to the outer query, so that a
database begins with them. They compare `ref_set`, which is the id, too: it is in indexes, by which
SQLite need not read the instances' long rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from ocim.core.errors import ValidationError
from ocim.core.fleet_filter import LONGEST_ID, FleetFilter, Health
from ocim.core.holds import today
from ocim.core.states import UNFINISHED, AppServerState, InstanceState
from ocim.store.models import InstanceTag, OpenEdXAppServer, OpenEdXInstance

_ACTIVE = OpenEdXAppServer.objects.filter(is_active=True)
SERVED = Q(Exists(_ACTIVE.filter(instance=OuterRef("ref_set"))))
"""Condition for instances that are served. Nearly all are, so that it is tested one by one."""
_IN_MAINTENANCE = Q(ref_set__in=OpenEdXInstance.objects.exclude(maintenance="").values("ref_set"))
_FIELDS: Mapping[str, str] = {
    "release": "openedx_release",
    "provisioner": "provisioner",
    "provider": "provider",
    "organization": "ref_set__organization",
    "id": "pk",
}
"""Fields of the filter that are compared as they are, with their columns."""
_ORDERS: Mapping[str, str] = {
    "name": "name",
    "release": "openedx_release",
    "organization": "ref_set__organization",
    "created": "pk",
}
_SEARCHED = ("name", "internal_lms_domain", "external_lms_domain", "ref_set__organization")

Instances = QuerySet[OpenEdXInstance]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a fleet: ids in order, and where the pages before and after it are."""

    ids: tuple[int, ...]
    before: str = ""
    """Cursor of the page before. Empty: this is the first."""
    after: str = ""
    """Cursor of the page after. Empty: this is the last."""


def filtered(instances: Instances, chosen: FleetFilter, *, now: datetime) -> Instances:
    """Return the instances that a filter selects, of a query of instances. Their order stays."""
    if InstanceState.ARCHIVED not in chosen.state and not chosen.id:
        instances = instances.filter(ref_set__is_archived=False)
    conditions = [
        Q(**{f"{column}__in": values})
        for name, column in _FIELDS.items()
        if (values := getattr(chosen, name))
    ]
    conditions += [_contains(word) for word in chosen.q.split()]
    if chosen.tag:
        tagged = InstanceTag.objects.filter(name__in=chosen.tag).values("openedxinstance")
        conditions.append(Q(ref_set__in=tagged.exclude(openedxinstance=None)))
    if chosen.service:
        conditions.append(_any([Q(optional_services__contains=name) for name in chosen.service]))
    if chosen.state:
        of_state = state_conditions()
        conditions.append(_any([of_state[state] for state in chosen.state]))
    if chosen.health:
        of_health = health_conditions()
        conditions.append(_any([of_health[health] for health in chosen.health]))
    if chosen.held is not None:
        held = _held(now)
        conditions.append(held if chosen.held else ~held)
    if chosen.maintenance is not None:
        conditions.append(_IN_MAINTENANCE if chosen.maintenance else ~_IN_MAINTENANCE)
    return instances.filter(reduce(and_, conditions)) if conditions else instances


def state_conditions() -> dict[InstanceState, Q]:
    """Return the condition of each state; `selectors.status_of` tells the same of one instance."""
    appservers = OpenEdXAppServer.objects.values("instance")
    unfinished = Q(ref_set__in=appservers.filter(state__in=UNFINISHED))
    newer = OpenEdXAppServer.objects.filter(instance=OuterRef("instance"), pk__gt=OuterRef("pk"))
    failures = appservers.filter(state=AppServerState.FAILED)
    failed = Q(ref_set__in=failures.exclude(Exists(newer)))
    archived = Q(ref_set__is_archived=True)
    return {
        InstanceState.ARCHIVED: archived,
        InstanceState.ON_THE_WEB: ~archived & SERVED & ~unfinished,
        InstanceState.UPGRADING: ~archived & SERVED & unfinished,
        InstanceState.STARTING: ~archived & ~SERVED & unfinished,
        InstanceState.FAILED: ~archived & ~SERVED & ~unfinished & failed,
        InstanceState.DOWN: ~archived & ~SERVED & ~unfinished & ~failed,
    }


def health_conditions() -> dict[Health, Q]:
    """Return the condition of each health. Instances that are not on the web have none."""
    unhealthy = _ACTIVE.filter(unhealthy_since__isnull=False)
    degraded = Q(ref_set__in=unhealthy.values("instance"))
    return {Health.DEGRADED: degraded, Health.HEALTHY: SERVED & ~degraded}


def counts(instances: Instances) -> dict[str, int]:
    """Return the numbers of instances by state, without archived ones. Seven short queries.

    Those that are degraded or in maintenance count in their state, too.

    One query for all would test each instance for each: five times as long with 10,000 instances.
    """
    kept = instances.filter(ref_set__is_archived=False).order_by()
    of_state, of_health = state_conditions(), health_conditions()
    served = kept.filter(SERVED).count()
    upgrading, starting, failed = (
        kept.filter(of_state[state]).count()
        for state in (InstanceState.UPGRADING, InstanceState.STARTING, InstanceState.FAILED)
    )
    return {
        "on the web": served - upgrading,
        "degraded": kept.filter(of_health[Health.DEGRADED]).count(),
        "upgrading": upgrading,
        "starting": starting,
        "failed": failed,
        "down": kept.count() - served - starting - failed,
        "in maintenance": kept.filter(_IN_MAINTENANCE).count(),
    }


def page(instances: Instances, sort: str, *, size: int, before: str = "", after: str = "") -> Page:
    """Return the page after or before a cursor, or the first one. One query, or two for a cursor.

    A cursor names the last row of a page by its value and id, so that instances that come and go
    meanwhile shift nothing. Raise ValidationError for a text that is no cursor.
    """
    column, descends = _ORDERS[sort.removeprefix("-")], sort.startswith("-")
    backwards = bool(before)
    cursor = before or after
    if cursor:
        instances = instances.filter(_beyond(column, cursor, downwards=descends != backwards))
    sign = "-" if descends != backwards else ""
    ordered = instances.order_by(f"{sign}{column}", f"{sign}pk").values_list("pk", column)
    rows = list(ordered[: size + 1])
    has_more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page(())
    has_before = has_more if backwards else bool(cursor)
    has_after = True if backwards else has_more
    return Page(
        tuple(pk for pk, _ in rows),
        before=_cursor(rows[0]) if has_before else "",
        after=_cursor(rows[-1]) if has_after else "",
    )


def _cursor(row: tuple[int, Any]) -> str:
    pk, value = row
    return f"{pk}.{value}"


def _beyond(column: str, cursor: str, *, downwards: bool) -> Q:
    number, dot, value = cursor.partition(".")
    if not dot or not (number.isdecimal() and number.isascii()) or len(number) > LONGEST_ID:
        raise ValidationError([f"{cursor!r} is no page's place."], remedy="Go to the first page.")
    if "\0" in value:  # no database has it in a text
        raise ValidationError(["A page's place has no NUL."], remedy="Go to the first page.")
    way = "lt" if downwards else "gt"
    if column == "pk":
        return Q(**{f"pk__{way}": int(number)})
    # The first condition is implied by the second, and lets a database begin in its index.
    return Q(**{f"{column}__{way}e": value}) & (
        Q(**{f"{column}__{way}": value}) | Q(**{f"pk__{way}": int(number)})
    )


def _contains(word: str) -> Q:
    condition = _any([Q(**{f"{column}__icontains": word}) for column in _SEARCHED])
    is_id = word.isdecimal() and word.isascii() and len(word) <= LONGEST_ID
    return condition | Q(pk=int(word)) if is_id else condition


def _held(now: datetime) -> Q:
    """Return the condition for a hold that is in force or will be, by each instance's own day."""
    zones = OpenEdXInstance.objects.filter(ref_set__held_until__isnull=False)
    ended = Q(pk__in=())
    for zone in zones.values_list("time_zone", flat=True).distinct().order_by():
        ended |= Q(time_zone=zone, ref_set__held_until__lt=today(now, zone))
    return ~Q(ref_set__hold_reason="") & ~ended


def _any(conditions: list[Q]) -> Q:
    return reduce(or_, conditions)
