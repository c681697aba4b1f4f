"""References between settings: templates that name each other, which Ansible renders when used."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from ocim.catalog.templates import is_template
from ocim.parsing.jinja_text import JINJA  # noqa: TID253 - this module is imported late, too

_OPTIONAL = frozenset({"default", "d"})
_TESTS = frozenset({"defined", "undefined"})


def endless(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a variable of each circle of values that lead back to themselves, and the fault.

    Ansible would follow it without end, however the reference is nested.
    """
    used = {name: names_used(value) for name, value in values.items()}
    for cycle in _cycles({name: names & used.keys() for name, names in used.items()}):
        if len(cycle) == 1:
            yield (
                cycle[0],
                f"{cycle[0]} uses itself, which has no end. Mappings are merged with Ocim's own:"
                " write just your keys. Of a list or a text, write all.",
            )
        else:
            yield cycle[0], f"{' → '.join([*cycle, cycle[0]])} has no end. Cut the circle."


def names_used(value: Any, *, required: bool = False) -> frozenset[str]:
    """Return the variables that templates in the value use.

    With `required`, leave out those that may be undefined there (`| default(…)`, `is defined`).
    """
    return frozenset(_names(value, required=required))


def _names(value: Any, *, required: bool) -> Iterator[str]:
    match value:
        case str() if is_template(value):
            try:
                yield from _free(JINJA.parse(value), required=required)
            except (TemplateSyntaxError, RecursionError):
                return  # a fault of its own
        case Mapping():
            for key, below in value.items():
                yield from _names(key, required=required)
                yield from _names(below, required=required)
        case list():
            for below in value:
                yield from _names(below, required=required)


def _free(template: nodes.Template, *, required: bool) -> set[str]:
    """Return the names that the template reads and does not set."""
    names = list(template.find_all(nodes.Name))
    own = {name.name for name in names if name.ctx != "load"}
    optional: set[str] = set()
    if required:
        for node in template.find_all((nodes.Filter, nodes.Test)):
            is_optional = node.name in (_OPTIONAL if isinstance(node, nodes.Filter) else _TESTS)
            if is_optional and isinstance(node.node, nodes.Name):
                optional.add(node.node.name)
    return {name.name for name in names if name.ctx == "load"} - own - optional


def _cycles(graph: Mapping[str, frozenset[str]]) -> Iterator[list[str]]:
    """Yield cycles until none is left, each in the order of its references."""
    left = dict(graph)
    while True:
        for name in [name for name, names in left.items() if name in names]:
            yield [name]
            left[name] -= {name}
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            cycle = list(reversed(error.args[1][:-1]))
            start = min(range(len(cycle)), key=lambda index: list(left).index(cycle[index]))
            cycle = cycle[start:] + cycle[:start]
            yield cycle
            left[cycle[-1]] -= {cycle[0]}
        else:
            return
