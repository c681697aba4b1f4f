"""YAML that people write → plain values: texts, numbers, true/false, null, lists, mappings.

YAML 1.1, as Ansible reads it (`yes` is true). Anything that a plain value cannot say is refused,
tags that make objects above all. (`!unsafe`, which keeps Ansible from templating a text, is refused
too: `{% raw %}` does that, and survives being stored.)
"""

from typing import Any

import yaml
from yaml.reader import Reader

from ocim.core.characters import hint
from ocim.parsing.document import Document
from ocim.parsing.faults import Fault, Place, refuse
from ocim.parsing.yaml_nodes import NodeReader

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 50

# libyaml's, many times as fast; PyYAML comes without it where it was built from source.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_value(text: str, *, where: str) -> Any:
    """The value that the text says, None for an empty one; ValidationError names every fault."""
    document = parse(text)
    refuse(document.faults, where=where)
    return document.value


def read_mapping(text: str, *, where: str) -> dict[str, Any]:
    """The mapping that the text says, an empty one for an empty text.

    `where` is what faults call the text (`configuration_extra_settings`, a file's path).
    ValidationError lists all faults, each with line and column; after one of syntax, what follows
    is not known.
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
        form = "must be a mapping (lines of the form `NAME: value`)."
        document.fault(Place(), form + hint(document.source))
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
            document.faults.append(_syntax_fault(error, text))
        else:
            document.value = NodeReader(document).read(root) if root else None
    return document


def _unreadable(text: str) -> list[Fault]:
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        return [Fault(Place(), f"is too large: {size} bytes, and {MAX_BYTES} are allowed.")]
    return [
        Fault(Place(number, found.start() + 1), f"a control character (code {ord(found[0])}).")
        for number, line in enumerate(text.split("\n"), start=1)
        if (found := Reader.NON_PRINTABLE.search(line))
    ]


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


def _syntax_fault(error: yaml.YAMLError, text: str) -> Fault:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Fault(Place(), f"this is not YAML: {error}.")
    said = error.problem or "something is wrong"
    if error.context and error.context_mark:
        # A bracket that is never closed is noticed at the end only.
        said += f", {error.context} that begins in line {_marked(error.context_mark).line}"
    place = _marked(error.problem_mark or error.context_mark)
    line = "".join(text.split("\n")[place.line - 1 : place.line])
    return Fault(place, f"this is not YAML: {said}.{hint(line)}")
