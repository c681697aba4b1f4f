"""A plan: what a rollout will do, instance by instance, frozen and with a hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import IntegerField

from ocim.catalog.variables.services import services_of
from ocim.core.characters import hint
from ocim.core.errors import ValidationError, gathered
from ocim.core.provisioning import ConfigurationSource
from ocim.core.variables import Effective
from ocim.core.waves import Candidate, Share, waves
from ocim.operations.context import Context
from ocim.operations.instance_settings import SETTABLE, is_name
from ocim.operations.instances import as_changed
from ocim.operations.rollouts.lookups import nearest
from ocim.operations.rollouts.masking import shown
from ocim.operations.rollouts.selection import AT_ONCE, FAILED, Selection, whole
from ocim.operations.rollouts.sources import FIELDS, faults_of_sources, source_after
from ocim.operations.rollouts.variables import Change, Changes, fingerprint, live_variables
from ocim.parsing.written import written
from ocim.store.models import OpenEdXInstance
from ocim.store.validators import validate_tag

LONGEST_TAG = 93


@dataclass(frozen=True, slots=True)
class Item:
    """One instance: the fields that change, as they are and as they are to be."""

    instance_id: int
    label: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    variables: Sequence[Change] = ()
    """How the new app servers' variables differ from those of the one that serves."""
    fingerprint: str = ""
    """Of all the variables that the new app servers are to have."""
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
        # That of the whole as one JSON document, of which a fleet's would be a large one.
        digest = hashlib.sha256(b'{"items": [')
        for place, item in enumerate(self.items):
            digest.update(f"{', ' if place else ''}{_sorted(_as_dict(item))}".encode())
        rest = {**_as_dict(self), "left_out": ()}
        del rest["items"]
        digest.update(f"], {_sorted(rest)[1:]}".encode())
        return digest.hexdigest()


def _as_dict(one: Item | Plan) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _sorted(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def make_plan(
    *,
    tag: str,
    selection: Selection,
    update: Mapping[str, Any],
    sql: Sequence[str],
    shares: Sequence[Share],
    context: Context,
) -> Plan:
    """Look at every selected instance as it would be after the update.

    `shares` say who goes in which wave. ValidationError lists what is wrong, for all instances at
    once; nothing is written.
    """
    gathered(lambda: check_tag(tag), lambda: check_update(update))
    faults = [
        *_faults_of_unique(update, len(selection.chosen)),
        *_faults_of(shares, selection.tags),
    ]
    items: list[Item] = []
    candidates: list[Candidate] = []
    changes = Changes()
    sources: dict[ConfigurationSource, str] = {}
    for start in range(0, 0 if faults else len(selection.chosen), AT_ONCE):
        some = list(whole(selection.chosen[start : start + AT_ONCE]).values())
        live = live_variables(some)
        for one in some:
            try:
                after, variables = as_changed(one, update, context)
            except ValidationError as error:
                faults += [f"{one}: {fault}" for fault in error.faults]
                continue
            values = variables.values
            if FIELDS & update.keys():
                sources.setdefault(source_after(one, after), str(one))
            items.append(
                Item(
                    one.pk,
                    str(one),
                    _fields(one, after),
                    after,
                    changes.of(live.get(one.pk), variables, values),
                    fingerprint(one, values),
                )
            )
            candidates.append(_candidate(one, values))
    faults += faults_of_sources(sources, context)
    if faults:
        raise ValidationError(faults, remedy="Nothing was changed.")
    wave_of = waves(candidates, shares)
    return Plan(
        tag,
        tuple(replace(item, wave=wave_of[item.instance_id]) for item in items),
        dict(update),
        tuple(sql),
        selection.left_out,
    )


def drift(plan: Plan, context: Context) -> list[str]:
    """How the fleet differs now from what the plan was made for; a line for each instance."""
    lines = []
    for start in range(0, len(plan.items), AT_ONCE):
        some = plan.items[start : start + AT_ONCE]
        there = whole(item.instance_id for item in some)
        found = {pk: one for pk, one in there.items() if not one.ref_set.is_archived}
        live = live_variables(list(found.values()))
        for item in some:
            one = there.get(item.instance_id)
            lines.append(_drift(item, one, live.get(item.instance_id), context))
    return [line for line in lines if line]


def _drift(
    item: Item, instance: OpenEdXInstance | None, live: Effective | None, context: Context
) -> str:
    if instance is None:
        return f"{item.label} is not there any more."
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
    return f"{item.label}: of its variables, {others} would not be as planned."


def _paths(planned: Sequence[Change], now: Sequence[Change]) -> str:
    """The variables of which something else would change than was planned."""
    differ = [one for one in (*planned, *now) if one not in planned or one not in now]
    return ", ".join(dict.fromkeys(".".join(one["path"]) for one in differ))


def _fields(instance: OpenEdXInstance, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in names}


def _candidate(instance: OpenEdXInstance, values: Mapping[str, Any]) -> Candidate:
    kind = (
        instance.openedx_release,
        instance.configuration_source_repo_url,
        instance.provider,
        services_of(values),
        json.dumps(
            {name: value for name, value in values.items() if "THEM" in name},
            sort_keys=True,
            default=str,
        ),
    )
    return Candidate(instance.pk, kind, frozenset(one.name for one in instance.tags.all()))


def _faults_of(shares: Sequence[Share], tags: frozenset[str]) -> list[str]:
    return [
        f"--waves: no instance that is to be upgraded is tagged {share.tag!r}."
        for share in shares
        if share.tag and share.tag not in tags
    ]


def check_tag(tag: str) -> None:
    """Raise ValidationError where instances cannot be marked with the tag."""
    faults = []
    try:
        validate_tag(tag)
    except DjangoValidationError as error:
        faults += [f"--tag: {tag!r}: {fault}" for fault in error.messages]
    if len(tag) > LONGEST_TAG:
        faults = [f"--tag: it has {len(tag)} characters, and {LONGEST_TAG} at most are possible."]
    if tag.endswith(FAILED):
        faults.append(f"--tag: it ends with {FAILED}, as failed ones are marked.")
    if faults:
        raise ValidationError(faults)


def check_update(update: Mapping[str, Any]) -> None:
    """Raise ValidationError with all fields that there are not, and all values of a wrong type."""
    faults = []
    for name, value in update.items():
        if name not in SETTABLE:
            known = f"{nearest(name, SETTABLE)}.{hint(name)}"
            faults.append(f"--update: an instance has no field {name!r}{known}")
        elif isinstance(OpenEdXInstance._meta.get_field(name), IntegerField):
            if type(value) is not int:
                faults.append(f"--update: {name}: {written(update, name)} is no whole number.")
        elif not isinstance(value, str):
            faults.append(f"--update: {name}: {_no_text(name, value, written(update, name))}")
    if faults:
        raise ValidationError(faults)


def _no_text(name: str, value: Any, raw: str) -> str:
    match value:
        case None:
            return "null is no text: for an empty one write ''."
        case dict():
            return f"a mapping is no text: write `{name}: |`, and the lines below it, indented."
        case list():
            return "a list is no text."
    # YAML makes 1.1 of 1.10, and a day of a release that is named for one.
    return f"{raw} is no text: write it in quotes: '{raw}'."


def _faults_of_unique(update: Mapping[str, Any], count: int) -> list[str]:
    return [
        f"--update: {name}: only one instance can have {value!r}, but {count} are selected."
        for name, value in update.items()
        if is_name(name) and value and count > 1
    ]
