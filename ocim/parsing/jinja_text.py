"""Detection of Jinja templates that would run code on the manager, where Ansible renders them.

It finds lookups, filters that read the manager's files or environment, access to Python's internal
objects, and inclusion of other templates. It cannot find everything, since it runs nothing: an
expression may compose a forbidden name, or take it from a variable of the playbook, and Ansible
renders some results again. So people who may write these settings need about as much trust as those
who may run playbooks; only a sandbox around Ansible is a real barrier.
"""

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.sandbox import (
    UNSAFE_ASYNC_GENERATOR_ATTRIBUTES,
    UNSAFE_COROUTINE_ATTRIBUTES,
    UNSAFE_GENERATOR_ATTRIBUTES,
)

from ocim.catalog.templates import has_header, is_template

_LOOKUPS = frozenset({"lookup", "query", "q"})
_FILTERS = frozenset({"fileglob", "expandvars", "expanduser", "realpath"})
_INNER = (
    UNSAFE_GENERATOR_ATTRIBUTES | UNSAFE_COROUTINE_ATTRIBUTES | UNSAFE_ASYNC_GENERATOR_ATTRIBUTES
)
_DUNDER = re.compile(r"__[A-Za-z]+__")
_CALL = re.compile(r"\b(?:lookup|query|q)\s*\(")
_KINDS = (
    object,
    type,
    super,
    property,
    dict,
    Exception,
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.ModuleType,
)
_PYTHONS = frozenset({name for kind in _KINDS for name in dir(kind)}) | {
    "__builtins__",
    "__import__",
    "__mro__",
    "__bases__",
    "__subclasses__",
    "__wrapped__",
}
"""Names of Python's internal attributes; other words between underscores are placeholders."""
_NO_TEMPLATE = "If this is no template, write {% raw %} before it and {% endraw %} after it."
_MOST = 50
"""Maximum number of faults in one text, since finding the place of each one takes time."""

JINJA = Environment(  # noqa: S701 - nothing is rendered
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
)
"""Parser of templates, with the extensions that upstream's ansible.cfg turns on."""


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """Fault in a template, with its line there and the faulty word (or an empty text)."""

    line: int
    word: str
    text: str


def template_faults(text: str) -> list[TemplateFault]:
    """Return the first faults of a text: code that would run on the manager, or invalid syntax."""
    if has_header(text):
        return [TemplateFault(1, "#jinja2", "the header #jinja2: hides templates. Remove it.")]
    try:
        if is_template(text):
            return _found(JINJA.parse(text))
        # Conditions of tasks are expressions without delimiters, and may come from a variable.
        return _found_in_condition(text) if _CALL.search(text) else []
    except TemplateSyntaxError as error:
        return [TemplateFault(error.lineno, "", f"invalid Jinja: {error.message} {_NO_TEMPLATE}")]
    except RecursionError:
        return [TemplateFault(1, "", "this template has too many levels.")]


def _found_in_condition(text: str) -> list[TemplateFault]:
    """Return faults of a text without delimiters, if it calls a lookup with the name of a plugin.

    Any other text is prose, such as `query (id)` in a help text.
    """
    try:
        tree = JINJA.parse(f"{{{{ {text} }}}}")
    except TemplateSyntaxError:
        return []
    return _found(tree) if any(map(_names_a_plugin, tree.find_all(nodes.Call))) else []


def _names_a_plugin(call: nodes.Call) -> bool:
    match call:
        case nodes.Call(node=nodes.Name(name=name), args=[nodes.Const(value=str()), *_]):
            return name in _LOOKUPS
    return False


def _found(template: nodes.Template) -> list[TemplateFault]:
    faults: dict[TemplateFault, None] = {}
    for node in _all(template):
        faults.update(dict.fromkeys(_faults(node)))
        if len(faults) >= _MOST:
            break
    return list(faults)


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child)


def _faults(node: nodes.Node) -> Iterator[TemplateFault]:
    match node:
        case nodes.Name(name=name, ctx="load") if name in _LOOKUPS:
            yield _fault(node, name, f"{name} would run on the manager. Write its result instead.")
        case nodes.Filter(name=name, args=args):
            yield from _filter_faults(node, name, args)
        case nodes.Getattr(attr=attr) | nodes.Getitem(arg=nodes.Const(value=str(attr))):
            if _is_inner(attr):
                yield _inner_fault(node, attr)
        case nodes.Keyword(key="attribute", value=nodes.Const(value=str(attributes))):
            for attr in filter(_is_inner, attributes.split(".")):
                yield _inner_fault(node, attr)
        case nodes.Const(value=str(text)):
            yield from _text_faults(node, text)
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends():
            word = type(node).__name__.lower().removeprefix("from")
            yield _fault(
                node, word, f"{word} would read a template on the manager. Write its text instead."
            )


def _filter_faults(
    node: nodes.Filter, name: str, args: list[nodes.Expr]
) -> Iterator[TemplateFault]:
    # The name of a filter may include its collection, or be an argument of `map`.
    named = [arg.value for arg in args if isinstance(arg, nodes.Const)] if name == "map" else []
    for full_name in [name, *named]:
        short = str(full_name).rsplit(".", 1)[-1]
        if short in _FILTERS:
            text = f"the filter {short} would read the manager's files. Write its result instead."
            yield _fault(node, short, text)
    if name == "attr":
        for arg in args:
            if isinstance(arg, nodes.Const) and _is_inner(str(arg.value)):
                yield _inner_fault(node, str(arg.value))


def _text_faults(node: nodes.Const, text: str) -> Iterator[TemplateFault]:
    if inner := [name for name in _DUNDER.findall(text) if name in _PYTHONS]:
        yield _inner_fault(node, inner[0])
    # Ansible may render the result of a template again, so check texts in it, too.
    elif is_template(text):
        for fault in template_faults(text):
            if fault.word:
                yield _fault(node, fault.word, fault.text)


def _is_inner(name: str) -> bool:
    return name.startswith("_") or name in _INNER


def _inner_fault(node: nodes.Node, name: str) -> TemplateFault:
    return _fault(node, name, f"{name} accesses Python's internal objects. Remove it.")


def _fault(node: nodes.Node, word: str, text: str) -> TemplateFault:
    return TemplateFault(node.lineno, word, text)
