"""YAML that people write → plain values: texts, numbers, true/false, null, lists, mappings.

YAML 1.1, as Ansible reads it (`yes` is true). Anything that a plain value cannot say is refused,
tags that make objects above all. (`!unsafe`, which keeps Ansible from templating a text, is refused
too: `{% raw %}` does that, and survives being stored.)
"""

from typing import Any

import yaml
from yaml.reader import Reader

from ocim.documents.faults import Fault, Place, refuse
from ocim.documents.yaml_nodes import Document, NodeReader

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 50

# libyaml's, many times as fast; PyYAML comes without it where it was built from source.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_value(text: str, *, where: str) -> Any:
    """The value that the text says, None for an empty one; BadInput names every fault."""
    document = parse(text)
    refuse(document.faults, where=where)
    return document.value


def read_mapping(text: str, *, where: str) -> dict[str, Any]:
    """The mapping that the text says, an empty one for an empty text.

    `where` is what faults call the text (`configuration_extra_settings`, a file's path). BadInput
    lists all faults, each with line and column; after one of syntax, what follows is not known.
    """
    document = parse_mapping(text)
    refuse(document.faults, where=where)
    return dict(document.value)


def parse_mapping(text: str) -> Document:
    """`parse`, with a fault for what is no mapping."""
    document = parse(text)
    if document.value is None:
        document.value = {}
    elif not isinstance(document.value, dict):
        document.fault(Place(), "must be a mapping (lines of the form `NAME: value`).")
        document.value = {}
    return document


def parse(text: str) -> Document:
    """Read what can be read, and note what is wrong in `faults`."""
    text = text.removeprefix("\ufeff")
    document = Document(text)
    document.faults += _unreadable(text)
    if not document.faults:
        try:
            document.faults += _too_deep(text)
            root = yaml.compose(text, Loader=_Loader) if not document.faults else None
        except yaml.YAMLError as error:
            document.faults.append(_syntax_fault(error))
        else:
            document.value = NodeReader(document).read(root) if root else None
    return document


def _unreadable(text: str) -> list[Fault]:
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        return [Fault(Place(), f"is too large: {size} bytes, and {MAX_BYTES} are allowed.")]
    return [
        Fault(_place(text, found.start()), f"a control character (code {ord(found[0])}).")
        for found in Reader.NON_PRINTABLE.finditer(text)
    ]


def _place(text: str, index: int) -> Place:
    return Place(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _too_deep(text: str) -> list[Fault]:
    """Looked for in the events: what makes nodes of them calls itself for every level."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            return [Fault(_marked(event.start_mark), f"is nested over {MAX_DEPTH} levels deep.")]
    return []


def _marked(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place()


def _syntax_fault(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = [part for name in ("problem", "context") if (part := getattr(error, name, None))]
    return Fault(_marked(mark), f"this is not YAML: {', '.join(said) or error}.")
