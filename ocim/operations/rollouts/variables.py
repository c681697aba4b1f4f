"""The changes that a rollout makes to the variables of app servers, without secrets."""

import hashlib
import hmac
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ocim.catalog.secrets.masking import masked_place
from ocim.catalog.variables.effective import BY_OPERATORS
from ocim.core.differences import ABSENT, Difference, differences
from ocim.core.secrets import PLAIN, Secret, masked
from ocim.core.variables import Effective, Path, exact, merge
from ocim.operations.effective import thawed
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance

Change = Mapping[str, Any]
"""A change of a variable: its `path`; `old` and `new` as JSON, secrets masked, unless missing; and
`layers`, the layers that set the two."""
_SIMPLE = PLAIN | {Secret}


def live_variables(instances: Sequence[OpenEdXInstance]) -> dict[int, Effective]:
    """Return each instance's variables: those of the app server that serves, or of the newest."""
    appservers = OpenEdXAppServer.objects.filter(
        instance__in=[instance.pk for instance in instances]
    )
    live = dict(appservers.order_by("is_active", "id").values_list("instance_id", "pk"))
    frozen = OpenEdXAppServer.objects.filter(pk__in=live.values())
    texts = frozen.values_list("instance_id", "effective_variables")
    return {of: thawed(text) for of, text in texts}


class Changes:
    """The changes in the variables of a fleet; equal changes of many instances are one object."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Change] = {}

    def of(
        self, old: Effective | None, new: Effective, values: Mapping[str, Any]
    ) -> tuple[Change, ...]:
        """Return the changes from the `old` variables to the `new` ones, whose values are `values`.

        Everything is a change if there are no old ones.
        """
        before = old or merge([])
        layers = {"old": _Layers(before), "new": _Layers(new)}
        return tuple(
            self._change(difference, layers) for difference in differences(before.values, values)
        )

    def _change(self, difference: Difference, layers: Mapping[str, "_Layers"]) -> Change:
        sides = {"old": difference.old, "new": difference.new}
        values = {side: value for side, value in sides.items() if value is not ABSENT}
        setting = sorted({layers[side].of(difference.path) for side in values})
        types = [type(value) for value in values.values()]
        if not _SIMPLE.issuperset(types):
            return _described(difference.path, setting, values)
        # All secrets look the same; 1 and true differ.
        looks = (None if type(value) is Secret else value for value in values.values())
        key = (difference.path, *setting, *values, *types, *looks)
        if key not in self._known:
            self._known[key] = _described(difference.path, setting, values)
        return self._known[key]


class _Layers:
    """The layer that sets each variable, by path."""

    def __init__(self, variables: Effective) -> None:
        self._variables = variables
        self._of_leaves = {leaf.path: leaf.layer for leaf in variables.leaves}

    def of(self, path: Path) -> str:
        return self._of_leaves.get(path) or self._variables.source(path)


def _described(path: Path, layers: list[str], values: Mapping[str, Any]) -> Change:
    shown = {side: masked_place(str(path[-1]), masked(value)) for side, value in values.items()}
    return {"path": list(path), "layers": layers, **shown}


def without_values(change: Change) -> Change:
    """Return a change as the record has it: without values from operators, who may name secrets."""
    if not set(BY_OPERATORS) & set(change["layers"]):
        return change
    return {name: value for name, value in change.items() if name not in ("old", "new")}


def fingerprint(instance: OpenEdXInstance, values: Mapping[str, Any]) -> str:
    """Return a fingerprint of variables that tells nothing without the instance's seed."""
    digest = hmac.digest(instance.secret_seed.encode(), exact(values).encode(), hashlib.sha256)
    return digest.hex()[:32]
