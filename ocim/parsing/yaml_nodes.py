"""Conversion of PyYAML's nodes to plain values, with places and faults."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.reader import Reader

from ocim.core.texts import shortened
from ocim.parsing.document import Document, Path, Text
from ocim.parsing.faults import Place

MAX_ADDED = 256 * 1024
"""Maximum number of values and characters that aliases may repeat."""
_MAX_NUMBER = 2**63
_LONGEST_NUMBER = 80
_SHOWN = 60
_YAML = "tag:yaml.org,2002:"

_REMEDIES: Mapping[str, str] = {
    "!vault": "write the text in plain. Ocim stores these settings encrypted.",
    "!vault-encrypted": "write the text in plain. Ocim stores these settings encrypted.",
    "!unsafe": "write the text without it, between {% raw %} and {% endraw %}.",
}
"""Remedies for tags that Ansible has."""

_CONSTRUCT: Mapping[str, Callable[[SafeConstructor, yaml.ScalarNode], Any]] = {
    f"{_YAML}bool": SafeConstructor.construct_yaml_bool,
    f"{_YAML}int": SafeConstructor.construct_yaml_int,
    f"{_YAML}float": SafeConstructor.construct_yaml_float,
}


_NO_KEY = object()


class _TooLargeError(Exception):
    """End of reading, since aliases repeat too much."""


class NodeReader:
    """Reader of the nodes of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._scalars = SafeConstructor()
        self._above: set[int] = set()
        self._seen: set[int] = set()
        self._added = 0

    def read(self, root: yaml.Node) -> Any:
        """Return the value; add faults and places to the document."""
        try:
            return self._value(root, ())
        except _TooLargeError:
            return None

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self._count(node)
        if isinstance(node, yaml.ScalarNode):
            if node.tag != f"{_YAML}str":
                self._document.written[path] = node.value
            return self._scalar(node)
        if id(node) in self._above:
            self._fault(node, "this alias contains itself.")
            return None
        self._above.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode) and node.tag == f"{_YAML}seq":
                return [self._item(item, (*path, i)) for i, item in enumerate(node.value)]
            if isinstance(node, yaml.MappingNode) and node.tag == f"{_YAML}map":
                return self._mapping(node, path)
        finally:
            self._above.discard(id(node))
        self._refuse_tag(node)
        return None

    def _count(self, node: yaml.Node) -> None:
        """Count the values and characters that aliases (and `<<`) repeat; raise at the maximum."""
        if id(node) in self._seen:
            self._added += 1 + (len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
        self._seen.add(id(node))
        if self._added > MAX_ADDED:
            self._fault(node, f"aliases (*name) repeat more than {MAX_ADDED} characters.")
            raise _TooLargeError

    def _item(self, node: yaml.Node, path: Path) -> Any:
        self._document.places[path] = _place(node)
        return self._value(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        for merged in self._merged(node):
            values.update(self._value(merged, path) or {})
        seen: dict[Any, Place] = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_YAML}merge":
                continue
            key = self._key(key_node, is_name=not path)
            if key is _NO_KEY:
                continue
            place = self._document.places[*path, key] = _place(key_node)
            if key in seen:
                self._fault(
                    key_node, f"{_short(key_node.value)} is already set in line {seen[key].line}."
                )
            seen.setdefault(key, place)
            values[key] = self._value(value_node, (*path, key))
        return values

    def _merged(self, node: yaml.MappingNode) -> Iterator[yaml.MappingNode]:
        """Yield the mappings of `<<`, lowest precedence first."""
        for key_node, value_node in node.value:
            if key_node.tag != f"{_YAML}merge":
                continue
            is_list = isinstance(value_node, yaml.SequenceNode)
            for merged in reversed(value_node.value) if is_list else [value_node]:
                if isinstance(merged, yaml.MappingNode):
                    yield merged
                else:
                    self._fault(key_node, "<< must be a mapping or a list of mappings.")

    def _key(self, node: yaml.Node, *, is_name: bool) -> Any:
        """Return the key, _NO_KEY for a faulty one.

        Below a name, a key may be a number, true, false or null: real settings have such keys.
        """
        self._count(node)
        faults = len(self._document.faults)
        if isinstance(node, yaml.ScalarNode):
            key = self._scalar(node)
            if len(self._document.faults) > faults:
                return _NO_KEY
            if isinstance(key, str) or not is_name:
                return key
        # YAML reads {{ x }} as a mapping in a mapping.
        value = " Quote values that start with {{, too." * isinstance(node, yaml.MappingNode)
        self._fault(node, f"keys must be texts: write this one in quotes.{value}")
        return _NO_KEY

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        match node.tag.removeprefix(_YAML):
            case "str":
                return self._text(node)
            case "null":
                return None
            case _ if node.tag in _CONSTRUCT:
                return self._number(node)
            case "timestamp":
                self._fault(node, "YAML reads this as a date: write it in quotes.")
            case _:
                self._refuse_tag(node)
        return None

    def _number(self, node: yaml.ScalarNode) -> bool | int | float | None:
        number: bool | int | float = math.nan
        if len(node.value) <= _LONGEST_NUMBER:  # PyYAML is slow with long ones
            try:
                number = _CONSTRUCT[node.tag](self._scalars, node)
            except (ValueError, LookupError, OverflowError):
                self._fault(node, f"this value does not fit its tag {_shown(node.tag)}.")
                return None
        if -_MAX_NUMBER < number < _MAX_NUMBER:
            return number
        self._fault(node, "this number is too large to store: write it in quotes.")
        return None

    def _text(self, node: yaml.ScalarNode) -> str:
        raw = self._document.source[node.start_mark.index : node.end_mark.index]
        self._document.texts.append(Text(node.value, raw, _place(node)))
        if character := Reader.NON_PRINTABLE.search(node.value):
            self._fault(node, f"control character (code {ord(character[0])}): remove it.")
        return str(node.value)

    def _refuse_tag(self, node: yaml.Node) -> None:
        remedy = _REMEDIES.get(
            node.tag, "write texts, numbers, true, false, null, lists or mappings."
        )
        self._fault(node, f"the tag {_shown(node.tag)} is not allowed: {remedy}")

    def _fault(self, node: yaml.Node, text: str) -> None:
        self._document.fault(_place(node), text)


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _shown(tag: str) -> str:
    return _short(f"!!{tag.removeprefix(_YAML)}" if tag.startswith(_YAML) else tag)


def _short(text: str) -> str:
    return shortened(text, _SHOWN)
