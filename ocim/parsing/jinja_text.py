"""Jinja that would run code on the manager, found in texts that Ansible is to template there.

Found: the lookups by their every name, filters that read the manager's files or environment, ways
into Python's objects, other templates. This reads texts and runs nothing, so it cannot find all: an
expression may put a forbidden name together from pieces, or get it from a variable of the playbook,
and Ansible templates what a template gives again in some places. Who may write these settings must
be trusted about as far as one who may run playbooks; a sandbox around Ansible is what holds others.
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
_KINDS = (object, type, super, property, dict, Exception, types.FunctionType, types.MethodType,
          types.BuiltinFunctionType, types.ModuleType)  # fmt: skip
_PYTHONS = frozenset({name for kind in _KINDS for name in dir(kind)}) | {
    "__builtins__", "__import__", "__mro__", "__bases__", "__subclasses__", "__wrapped__",
}  # fmt: skip
"""Names of Python's own objects: other words between underscores are placeholders."""
# Of one text; nobody reads more, and each has to be looked for in the document.
_MOST = 50

# The extensions that upstream's ansible.cfg turns on.
_JINJA = Environment(  # noqa: S701 - nothing is rendered
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
)


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """What is wrong with a template; `word` stands in its `line`, or is empty."""

    line: int
    word: str
    text: str


def template_faults(text: str) -> list[TemplateFault]:
    """What in the text would run on the manager (the first few dozen), or a fault of syntax."""
    if has_header(text):
        return [TemplateFault(1, "#jinja2", "the header #jinja2: would hide templates: remove it.")]
    try:
        if is_template(text):
            return _found(_JINJA.parse(text))
        # Conditions of tasks are expressions without marks, and may come from a variable.
        return _found_in_condition(text) if _CALL.search(text) else []
    except TemplateSyntaxError as error:
        return [TemplateFault(error.lineno, "", f"this is not Jinja: {error.message}")]
    except RecursionError:
        return [TemplateFault(1, "", "this template is nested too deeply.")]


def _found_in_condition(text: str) -> list[TemplateFault]:
    """Find lookups in a text without marks: only calls that say which plugin they mean.

    Any other text is prose, as `query (id)` in a help text.
    """
    try:
        tree = _JINJA.parse(f"{{{{ {text} }}}}")
    except TemplateSyntaxError:
        return []
    return _found(tree) if any(map(_names_a_plugin, tree.find_all(nodes.Call))) else []


def _names_a_plugin(call: nodes.Call) -> bool:
    match call:
        case nodes.Call(node=nodes.Name(name=name), args=[nodes.Const(value=str()), *_]):
            return name in _LOOKUPS
    return False


def _found(template: nodes.Template) -> list[TemplateFault]:
    found: dict[TemplateFault, None] = {}
    for node in _all(template):
        found.update(dict.fromkeys(_faults(node)))
        if len(found) >= _MOST:
            break
    return list(found)


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child)


def _faults(node: nodes.Node) -> Iterator[TemplateFault]:
    match node:
        case nodes.Name(name=name, ctx="load") if name in _LOOKUPS:
            yield _fault(node, name, f"{name} runs on the manager: write its result here instead.")
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
            yield _fault(node, word, f"{word} reads templates on the manager.")


def _filter_faults(
    node: nodes.Filter, name: str, args: list[nodes.Expr]
) -> Iterator[TemplateFault]:
    # Filters may be written with their collection, and as an argument of `map`.
    named = [arg.value for arg in args if isinstance(arg, nodes.Const)] if name == "map" else []
    for each in [name, *named]:
        short = str(each).rsplit(".", 1)[-1]
        if short in _FILTERS:
            yield _fault(node, short, f"the filter {short} reads the manager's files.")
    if name == "attr":
        for arg in args:
            if isinstance(arg, nodes.Const) and _is_inner(str(arg.value)):
                yield _inner_fault(node, str(arg.value))


def _text_faults(node: nodes.Const, text: str) -> Iterator[TemplateFault]:
    if inner := [name for name in _DUNDER.findall(text) if name in _PYTHONS]:
        yield _inner_fault(node, inner[0])
    # What a template gives may be templated again, so a text in it is looked at as one.
    elif is_template(text):
        for fault in template_faults(text):
            if fault.word:
                yield _fault(node, fault.word, fault.text)


def _is_inner(name: str) -> bool:
    return name.startswith("_") or name in _INNER


def _inner_fault(node: nodes.Node, name: str) -> TemplateFault:
    return _fault(node, name, f"{name} leads into Python's own objects.")


def _fault(node: nodes.Node, word: str, text: str) -> TemplateFault:
    return TemplateFault(node.lineno, word, text)
