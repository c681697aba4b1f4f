"""Variables of an app server, merged from layers of settings, each with its layer."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ocim.core.secrets import PLAIN, Secret, replaced

Key = str | int | float | bool | None
"""Key of a mapping: below its name, a variable may have any that YAML has for scalars."""
Path = tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings of one origin, under a unique name that operators see."""

    name: str
    values: Mapping[str, Any]


class Leaf(NamedTuple):
    """Value that is not a mapping (or an empty one), with its path and its layer."""

    path: Path
    value: Any
    layer: str


@dataclass(frozen=True, slots=True)
class Effective:
    """Result of merging layers, made by `merge`."""

    layers: tuple[str, ...]
    """Names of the layers, lowest first."""
    leaves: tuple[Leaf, ...]
    """Values, in the order in which the layers mention them first."""

    @property
    def values(self) -> dict[str, Any]:
        """Variables as nested dictionaries: a copy that the caller may change."""
        tree: dict[Any, Any] = {}
        for leaf in self.leaves:
            *above, key = leaf.path
            below = tree
            for name in above:
                below = below.setdefault(name, {})
            below[key] = leaf.value if type(leaf.value) in PLAIN else _copy(leaf.value)
        return tree

    def source(self, path: Path) -> str:
        """Return the layer that sets the value at `path`; for a mapping, the highest that does.

        Raise KeyError if there is no value.
        """
        depth = len(path)
        below = {leaf.layer for leaf in self.leaves if leaf.path[:depth] == path}
        if not below:
            raise KeyError(path)
        return max(below, key=self.layers.index)


def merge(layers: Sequence[Layer]) -> Effective:
    """Merge layers, lowest first.

    Merge mappings recursively; any other value (a list, a text, None) replaces the lower one. An
    empty mapping does not change a lower mapping.
    """
    tree: dict[Key, Any] = {}
    for layer in layers:
        _merge_into(tree, layer.values, layer.name, ())
    return Effective(tuple(layer.name for layer in layers), tuple(_leaves(tree)))


def dotted(path: Iterable[Key]) -> str:
    """Return a path as people read it: `outer.inner`."""
    return ".".join(map(str, path))


def exact(value: Any) -> str:
    """Return a text that is equal for equal values, whatever the order of mappings.

    It differs for 1, 1.0, true and "1", as values and as keys, which `==` does not. It shows
    secrets in clear text: compare it or make a digest of it.
    """
    return json.dumps(_ordered(value), default=str)


def _ordered(value: Any) -> Any:
    if type(value) in PLAIN:  # the usual case; checks for abstract types are slow
        return value
    match value:
        case Secret():
            return {"secret": value.reveal()}
        case Mapping():
            pairs = ((json.dumps(key), _ordered(below)) for key, below in value.items())
            return {"mapping": sorted(pairs, key=lambda pair: pair[0])}
        case list() | tuple():
            return [_ordered(below) for below in value]
    return value


def _merge_into(tree: dict[Key, Any], values: Mapping[Any, Any], layer: str, above: Path) -> None:
    """Merge values into `tree`, which holds a Leaf or a non-empty dictionary by key."""
    for key, value in values.items():
        path = (*above, key)
        lower = tree.get(key)
        if type(value) in PLAIN or not isinstance(value, Mapping):
            tree[key] = Leaf(path, value, layer)
        elif not value and not isinstance(lower, dict):
            tree[key] = Leaf(path, {}, layer)
        elif value:
            below = tree[key] = lower if isinstance(lower, dict) else {}
            _merge_into(below, value, layer, path)


def _leaves(tree: Mapping[Key, Any]) -> Iterator[Leaf]:
    for node in tree.values():
        if isinstance(node, Leaf):
            yield node
        else:
            yield from _leaves(node)


def _copy(value: Any) -> Any:
    return replaced(value, lambda secret: secret)


def to_plain(effective: Effective) -> dict[str, Any]:
    """Return a form for JSON, with secrets in clear text and tagged: store it encrypted."""
    return {
        "layers": list(effective.layers),
        "leaves": [
            [list(leaf.path), leaf.layer, _encoded(leaf.value)] for leaf in effective.leaves
        ],
    }


def from_plain(plain: Mapping[str, Any]) -> Effective:
    """Return the variables from the form that `to_plain` returns."""
    return Effective(
        tuple(plain["layers"]),
        tuple(
            Leaf(tuple(path), value if type(value) in PLAIN else _decoded(value), layer)
            for path, layer, value in plain["leaves"]
        ),
    )


def _encoded(value: Any) -> Any:
    # Wrap mappings, too, so that no mapping looks like a secret.
    match value:
        case Secret():
            return {"secret": value.reveal()}
        case Mapping():
            # As pairs, since JSON would turn a key such as 1 into a text.
            return {"mapping": [[key, _encoded(below)] for key, below in value.items()]}
        case list() | tuple():
            return [_encoded(below) for below in value]
    return value


def _decoded(plain: Any) -> Any:
    match plain:
        case {"secret": str(text)}:
            return Secret(text)
        case {"mapping": mapping}:
            return {key: _decoded(below) for key, below in mapping}
        case list():
            return [_decoded(below) for below in plain]
    return plain
