"""What a rollout changes in the variables of app servers; nothing secret is told of it."""

import hashlib
import hmac
import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ocim.catalog.secrets.masking import mask_text, masked_place
from ocim.catalog.variables.effective import OPERATOR
from ocim.core.differences import ABSENT, Difference, differences, in_common
from ocim.core.secrets import PLAIN, Secret, masked
from ocim.core.variables import Effective, Path, merge
from ocim.operations.effective import thawed
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance

Change = Mapping[str, Any]
"""`path`; `old` and `new` as far as they are there, as JSON has it, secrets masked; `layers`, those
that have the last word on them."""
_SIMPLE = PLAIN | {Secret}
LONGEST = 60
"""Characters of a value in words."""


def live_variables(instances: Sequence[OpenEdXInstance]) -> dict[int, Effective]:
    """By instance, the variables of the app server that serves, or else of the newest one."""
    there = OpenEdXAppServer.objects.filter(instance__in=[one.pk for one in instances])
    live = dict(there.order_by("is_active", "id").values_list("instance_id", "pk"))
    frozen = OpenEdXAppServer.objects.filter(pk__in=live.values())
    texts = frozen.values_list("instance_id", "effective_variables")
    return {of: thawed(text) for of, text in texts}


class Changes:
    """Finds what changes in the variables of a fleet; equal changes of many are one object."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Change] = {}

    def of(
        self, old: Effective | None, new: Effective, values: Mapping[str, Any]
    ) -> tuple[Change, ...]:
        """What is another in an app server with the `new` ones; all, where nothing was before.

        `values` are those of the new ones.
        """
        before = old or merge([])
        layers = {"old": _Layers(before), "new": _Layers(new)}
        return tuple(self._change(one, layers) for one in differences(before.values, values))

    def _change(self, one: Difference, layers: Mapping[str, "_Layers"]) -> Change:
        values = {"old": one.old, "new": one.new}
        there = {name: value for name, value in values.items() if value is not ABSENT}
        of = sorted({layers[name].of(one.path) for name in there})
        types = [type(value) for value in there.values()]
        if not _SIMPLE.issuperset(types):
            return _told(one.path, of, there)
        # Secrets all look the same, and 1 is not true.
        looks = (None if type(value) is Secret else value for value in there.values())
        key = (one.path, *of, *there, *types, *looks)
        if key not in self._known:
            self._known[key] = _told(one.path, of, there)
        return self._known[key]


class _Layers:
    """By path, the layer that has the last word."""

    def __init__(self, variables: Effective) -> None:
        self._variables = variables
        self._of_leaves = {leaf.path: leaf.layer for leaf in variables.leaves}

    def of(self, path: Path) -> str:
        return self._of_leaves.get(path) or self._variables.source(path)


def _told(path: Path, layers: list[str], there: Mapping[str, Any]) -> Change:
    values = {side: masked_place(path[-1], masked(value)) for side, value in there.items()}
    return {"path": list(path), "layers": layers, **values}


def without_values(change: Change) -> Change:
    """The change as it is kept on record: what operators wrote may be secret by another name."""
    if OPERATOR not in change["layers"]:
        return change
    return {name: value for name, value in change.items() if name not in ("old", "new")}


def fingerprint(instance: OpenEdXInstance, values: Mapping[str, Any]) -> str:
    """The same for the same variables; who does not have the instance's seed learns nothing."""
    text = json.dumps(values, sort_keys=True, default=lambda secret: {"secret": secret.reveal()})
    return hmac.digest(instance.secret_seed.encode(), text.encode(), hashlib.sha256).hex()[:32]


def together(
    by_label: Mapping[str, Sequence[Change]],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Labels of instances, and the changes that just these have in common, each in a line.

    Every change of every instance is told once; instances without any come last, with no line.
    """
    words: dict[int, str] = {}  # by identity: most are the same object for many

    def said(change: Change) -> str:
        if id(change) not in words:
            words[id(change)] = in_words(change)
        return words[id(change)]

    lines = {label: [said(one) for one in of] for label, of in by_label.items()}
    same = tuple(label for label, of in lines.items() if not of)
    return [*in_common(lines), *([(same, ())] if same else [])]


def in_words(change: Change) -> str:
    """`NAME: old → new`."""
    if "old" not in change and "new" not in change:
        return f"{'.'.join(change['path'])}: changed (not shown)"
    old, new = (short(change[side]) if side in change else "(not set)" for side in ("old", "new"))
    if change.get("old") == change.get("new"):
        values = f"{new} (with a secret that changed)"
    else:
        values = f"{old} → {new}" if old != new else f"{new} (another one further on)"
    return f"{'.'.join(change['path'])}: {values}"


def short(value: Any) -> str:
    """The value in a line that is not too long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(mask_text(text).split()) or "(empty)"
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
