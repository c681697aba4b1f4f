"""Layers of settings → the variables of one app server, each with the layer it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ocim.core.secrets import PLAIN, Secret, replaced

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings that have one origin; its name, unique among layers, is what operators see."""

    name: str
    values: Mapping[str, Any]


class Leaf(NamedTuple):
    """A value that is no mapping (but may be an empty one), and the layer it comes from."""

    path: Path
    value: Any
    layer: str


@dataclass(frozen=True, slots=True)
class Effective:
    """What layers come to when they are laid over one another. Made by `merge`."""

    layers: tuple[str, ...]
    """Their names, the lowest first."""
    leaves: tuple[Leaf, ...]
    """Every value, in the order in which the layers mention them first."""

    @property
    def values(self) -> dict[str, Any]:
        """All variables, as a copy that the caller may change."""
        tree: dict[str, Any] = {}
        for leaf in self.leaves:
            *above, key = leaf.path
            below = tree
            for step in above:
                below = below.setdefault(step, {})
            below[key] = leaf.value if type(leaf.value) in PLAIN else _copy(leaf.value)
        return tree

    def source(self, path: Path) -> str:
        """The layer that has the last word on what is at `path`; KeyError where nothing is.

        For a mapping that several layers fill: the highest of them.
        """
        depth = len(path)
        below = {leaf.layer for leaf in self.leaves if leaf.path[:depth] == path}
        if not below:
            raise KeyError(path)
        return max(below, key=self.layers.index)


def merge(layers: Sequence[Layer]) -> Effective:
    """Lay the layers over one another, the first one lowest.

    Mappings merge, recursively; anything else (a list, a text, None) replaces what was there.
    An empty mapping over a mapping changes nothing.
    """
    tree: dict[str, Any] = {}
    for layer in layers:
        _lay_over(tree, layer.values, layer.name, ())
    return Effective(tuple(layer.name for layer in layers), tuple(_leaves(tree)))


def _lay_over(tree: dict[str, Any], values: Mapping[str, Any], layer: str, above: Path) -> None:
    """`tree` holds a Leaf, or a dictionary that is not empty, by key."""
    for key, value in values.items():
        path = (*above, key)
        there = tree.get(key)
        if type(value) in PLAIN or not isinstance(value, Mapping):
            tree[key] = Leaf(path, value, layer)
        elif not value and not isinstance(there, dict):
            tree[key] = Leaf(path, {}, layer)
        elif value:
            below = tree[key] = there if isinstance(there, dict) else {}
            _lay_over(below, value, layer, path)


def _leaves(tree: Mapping[str, Any]) -> Iterator[Leaf]:
    for node in tree.values():
        if isinstance(node, Leaf):
            yield node
        else:
            yield from _leaves(node)


def _copy(value: Any) -> Any:
    return replaced(value, lambda secret: secret)


def to_plain(effective: Effective) -> dict[str, Any]:
    """What JSON can hold, secrets in clear text and marked as such: to be stored encrypted."""
    return {
        "layers": list(effective.layers),
        "leaves": [
            [list(leaf.path), leaf.layer, _encoded(leaf.value)] for leaf in effective.leaves
        ],
    }


def from_plain(plain: Mapping[str, Any]) -> Effective:
    """The inverse of `to_plain`."""
    return Effective(
        tuple(plain["layers"]),
        tuple(
            Leaf(tuple(path), value if type(value) in PLAIN else _decoded(value), layer)
            for path, layer, value in plain["leaves"]
        ),
    )


def _encoded(value: Any) -> Any:
    # Mappings are wrapped as secrets are, so that none can be taken for a secret.
    match value:
        case Secret():
            return {"secret": value.reveal()}
        case Mapping():
            return {"mapping": {key: _encoded(below) for key, below in value.items()}}
        case list() | tuple():
            return [_encoded(below) for below in value]
    return value


def _decoded(plain: Any) -> Any:
    match plain:
        case {"secret": str(text)}:
            return Secret(text)
        case {"mapping": mapping}:
            return {key: _decoded(below) for key, below in mapping.items()}
        case list():
            return [_decoded(below) for below in plain]
    return plain
