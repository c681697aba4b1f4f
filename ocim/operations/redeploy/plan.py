"""A plan: what a mass upgrade will do, instance by instance, frozen and with a hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db.models import IntegerField

from ocim.core.canaries import Candidate, waves
from ocim.core.errors import BadInput
from ocim.operations.context import Context
from ocim.operations.instances import SETTABLE, as_changed
from ocim.operations.redeploy.selection import FAILED, Selection, nearest
from ocim.store.models import OpenEdXInstance

LONGEST_TAG = 93


@dataclass(frozen=True, slots=True)
class Item:
    """One instance: the fields that change, as they are and as they are to be."""

    instance_id: int
    label: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    wave: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was decided before anything was done. Equal plans have equal hashes."""

    tag: str
    items: tuple[Item, ...]
    update: Mapping[str, Any]
    sql: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def hash(self) -> str:
        """Of all but what is left out."""
        told = asdict(replace(self, left_out=()))
        text = json.dumps(told, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """What a file keeps."""
        return {**asdict(self), "hash": self.hash}


def make_plan(
    *,
    tag: str,
    selection: Selection,
    update: Mapping[str, Any],
    sql: Sequence[str],
    canaries: int,
    context: Context,
) -> Plan:
    """Look at every selected instance as it would be after the update.

    BadInput lists what is wrong, for all instances at once; nothing is written.
    """
    faults = [*_faults_of_tag(tag), *_faults_of_update(update)]
    after = {}
    for one in () if faults else selection.chosen:
        after[one.pk], found = as_changed(one, update, context)
        faults += [f"{one}: {fault}" for fault in found]
    if faults:
        raise BadInput(faults, remedy="Nothing was changed.")
    wave_of = waves([_candidate(one) for one in selection.chosen], canaries)
    items = tuple(
        Item(one.pk, str(one), _fields(one, update), after[one.pk], wave_of[one.pk])
        for one in selection.chosen
    )
    left_out = tuple((str(one), reason) for one, reason in selection.left_out)
    return Plan(tag, items, dict(update), tuple(sql), left_out)


def from_json(kept: Mapping[str, Any]) -> Plan:
    """The plan that a file keeps; BadInput where it is none, or somebody changed it."""
    try:
        plan = Plan(
            tag=kept["tag"],
            items=tuple(Item(**item) for item in kept["items"]),
            update=kept["update"],
            sql=tuple(kept["sql"]),
        )
        is_whole = plan.hash == kept["hash"]
    except (KeyError, TypeError) as error:
        raise BadInput([f"This is not a plan: {error}."]) from None
    if not is_whole:
        raise BadInput(
            ["The plan was changed after it was made."], remedy="Make it again with --plan-out."
        )
    return plan


def drift(plan: Plan) -> list[str]:
    """How the fleet differs now from what the plan was made for; a line for each instance."""
    there = OpenEdXInstance.objects.select_related("ref_set").in_bulk(
        [item.instance_id for item in plan.items]
    )
    return [line for item in plan.items if (line := _drift(item, there.get(item.instance_id)))]


def _drift(item: Item, instance: OpenEdXInstance | None) -> str:
    if instance is None:
        return f"{item.label} is not there any more."
    if instance.ref_set.is_archived:
        return f"{item.label} was archived."
    now = _fields(instance, item.before)
    changed = [
        f"{name} was {old!r} and is {now[name]!r}"
        for name, old in item.before.items()
        if now[name] != old
    ]
    return f"{item.label}: {', '.join(changed)}." if changed else ""


def _fields(instance: OpenEdXInstance, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in names}


def _candidate(instance: OpenEdXInstance) -> Candidate:
    kind = (
        instance.openedx_release,
        instance.configuration_source_repo_url,
        instance.provider,
        "SANDBOX_ENABLE_" in instance.configuration_extra_settings,
        "THEME" in instance.configuration_extra_settings.upper(),
    )
    return Candidate(instance.pk, kind)


def _faults_of_tag(tag: str) -> list[str]:
    if not tag.strip() or not tag.isprintable() or tag != tag.strip():
        return [f"--tag: {tag!r} is not a tag: printable characters, and no space around them."]
    if len(tag) > LONGEST_TAG:
        return [f"--tag: it has {len(tag)} characters, and {LONGEST_TAG} at most are possible."]
    return [f"--tag: it ends with {FAILED}, as failed ones are marked."] * tag.endswith(FAILED)


def _faults_of_update(update: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, value in update.items():
        if name not in SETTABLE:
            faults.append(f"--update: an instance has no field {name!r}{nearest(name, SETTABLE)}.")
        elif isinstance(OpenEdXInstance._meta.get_field(name), IntegerField):
            if type(value) is not int:
                faults.append(f"--update: {name}: {value!r} is no whole number.")
        elif not isinstance(value, str):
            # YAML makes 1.1 of 1.10, and a day of a release that is named for one.
            faults.append(f"--update: {name}: {value!r} is no text; put it into quotes.")
    return faults
