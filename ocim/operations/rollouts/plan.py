"""The plan of a rollout: what it will do, instance by instance, with a hash."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from ocim.catalog.variables.services import services_of
from ocim.core.errors import ValidationError
from ocim.core.provisioning import TUTOR, ConfigurationSource
from ocim.core.rollout_request import RolloutRequest
from ocim.core.sql import lacks_applied
from ocim.core.variables import Effective, dotted, exact
from ocim.core.waves import Candidate, Share, waves
from ocim.operations import database_servers, machines
from ocim.operations.context import Context
from ocim.operations.instance_settings import is_name
from ocim.operations.instances import as_changed
from ocim.operations.rollouts.masking import shown
from ocim.operations.rollouts.selection import AT_ONCE, select, whole
from ocim.operations.rollouts.sources import FIELDS, faults_of_sources, source_after
from ocim.operations.rollouts.variables import Change, Changes, fingerprint, live_variables
from ocim.operations.tutor_lint import notes_on_move
from ocim.store.models import DatabaseServer, OpenEdXInstance
from ocim.store.specs import source_of


@dataclass(frozen=True, slots=True)
class Item:
    """The plan for one instance: the fields that change, before and after."""

    instance_id: int
    label: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    variables: Sequence[Change] = ()
    """Differences between the variables of the new app servers and of the one that serves."""
    fingerprint: str = ""
    """Fingerprint of all variables of the new app servers."""
    wave: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a rollout. Plans that do the same have the same hash."""

    request: RolloutRequest
    items: tuple[Item, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """Labels of instances that are left out, each with the reason."""
    strict_servers: tuple[str, ...] = ()
    """Names of the instances' database servers that refuse rows with missing values.

    They are asked only if the SQL has such rows.
    """
    moves: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Notes on instances that go from Ansible to Tutor, each with their labels."""

    @property
    def hash(self) -> str:
        """SHA-256 of what is done to which instance: tag, items, fields to change and SQL."""
        # The hash of one JSON document, which would be large for a fleet, so it is made piecewise.
        digest = hashlib.sha256(b'{"items": [')
        for place, item in enumerate(self.items):
            values = {each.name: getattr(item, each.name) for each in fields(item)}
            digest.update(f"{', ' if place else ''}{_sorted(values)}".encode())
        request = self.request
        rest = {"sql": request.sql, "tag": request.tag, "update": request.update}
        digest.update(f"], {_sorted(rest)[1:]}".encode())
        return digest.hexdigest()


def _sorted(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def make_plan(request: RolloutRequest, *, context: Context) -> Plan:
    """Return what the request would do to every instance that it selects. Nothing is written.

    Raise ValidationError with all that is wrong, for all instances at once.
    """
    update = request.update
    selection = select(request, context.now())
    faults = [
        *faults_of_time(request, context.now()),
        *_faults_of_unique(update, len(selection.chosen)),
        *_faults_of_waves(request.waves, selection.tags),
    ]
    items: list[Item] = []
    candidates: list[Candidate] = []
    changes = Changes()
    servers: dict[int, DatabaseServer] = {}
    sources: dict[ConfigurationSource, str] = {}
    moves: defaultdict[str, list[str]] = defaultdict(list)
    for start in range(0, 0 if faults else len(selection.chosen), AT_ONCE):
        instances = list(whole(selection.chosen[start : start + AT_ONCE]).values())
        live = live_variables(instances)
        faults += machines.faults_of(instances, context)
        for instance in instances:
            try:
                after, variables = as_changed(instance, update, context)
            except ValidationError as error:
                faults += [f"{instance}: {fault}" for fault in error.faults]
                continue
            values = variables.values
            servers[instance.database_server_id] = instance.database_server
            if instance.provisioner != TUTOR and after.get("provisioner") == TUTOR:
                for note in notes_on_move(variables, context.policy):
                    moves[note].append(str(instance))
            if FIELDS & update.keys():
                sources.setdefault(source_after(instance, after), str(instance))
            items.append(
                Item(
                    instance.pk,
                    str(instance),
                    _fields(instance, after),
                    after,
                    changes.of(live.get(instance.pk), variables, values),
                    fingerprint(instance, values),
                )
            )
            candidates.append(_candidate(instance, values))
    faults += faults_of_sources(sources, context)
    if faults:
        raise ValidationError(faults, remedy="Nothing was changed.")
    wave_of = waves(candidates, request.waves)
    matters = any(map(lacks_applied, request.sql))
    return Plan(
        request,
        tuple(replace(item, wave=wave_of[item.instance_id]) for item in items),
        selection.left_out,
        database_servers.strict(servers.values(), context) if matters else (),
        moves,
    )


def faults_of_time(request: RolloutRequest, now: datetime) -> list[str]:
    """Return the fault of a rollout that would have to begin in the past."""
    if request.at is None or request.at > now:
        return []
    return [f"--at: {request.at:%Y-%m-%d %H:%M} UTC is in the past: choose a later time."]


def drift(plan: Plan, context: Context) -> list[str]:
    """Return how the fleet differs now from what the plan was made for, a line per instance."""
    lines = []
    for start in range(0, len(plan.items), AT_ONCE):
        items = plan.items[start : start + AT_ONCE]
        instances = whole(item.instance_id for item in items)
        live = live_variables(
            [instance for instance in instances.values() if not instance.ref_set.is_archived]
        )
        for item in items:
            pk = item.instance_id
            lines.append(_drift(item, instances.get(pk), live.get(pk), context))
    return [line for line in lines if line]


def _drift(
    item: Item, instance: OpenEdXInstance | None, live: Effective | None, context: Context
) -> str:
    if instance is None:
        return f"{item.label} was deleted."
    if instance.ref_set.is_archived:
        return f"{item.label} was archived."
    now = _fields(instance, item.before)
    edited = [
        f"{name} was {shown(name, old)!r} and is {shown(name, now[name])!r}"
        for name, old in item.before.items()
        if now[name] != old
    ]
    if edited:
        return f"{item.label}: {', '.join(edited)}."
    try:
        _, variables = as_changed(instance, item.after, context)
    except ValidationError as error:
        return f"{item.label}: {' '.join(error.faults)}"
    values = variables.values
    if fingerprint(instance, values) == item.fingerprint:
        return ""
    others = _paths(item.variables, Changes().of(live, variables, values)) or "a secret"
    return f"{item.label}: these variables would not be as planned: {others}."


def _paths(planned: Sequence[Change], now: Sequence[Change]) -> str:
    """Return the names of variables that would change in another way than planned."""
    differ = [change for change in (*planned, *now) if change not in planned or change not in now]
    return ", ".join(dict.fromkeys(dotted(change["path"]) for change in differ))


def _fields(instance: OpenEdXInstance, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in names}


def _candidate(instance: OpenEdXInstance, values: Mapping[str, Any]) -> Candidate:
    kind = (
        instance.openedx_release,
        source_of(instance).repository_url,
        instance.provider,
        services_of(values),
        exact({name: value for name, value in values.items() if "THEM" in name}),
    )
    return Candidate(instance.pk, kind, frozenset(tag.name for tag in instance.tags.all()))


def _faults_of_waves(shares: Sequence[Share], tags: frozenset[str]) -> list[str]:
    return [
        f"--waves: no selected instance has the tag {share.tag!r}."
        for share in shares
        if share.tag and share.tag not in tags
    ]


def _faults_of_unique(update: Mapping[str, Any], count: int) -> list[str]:
    return [
        f"--update: {name}: only one instance can have {value!r}, but {count} are selected."
        for name, value in update.items()
        if is_name(name) and value and count > 1
    ]
