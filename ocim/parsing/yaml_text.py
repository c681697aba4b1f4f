"""Reading of YAML into plain values: texts, numbers, true/false, null, lists, mappings.

It is YAML 1.1, as Ansible reads it (`yes` is true). Everything else is rejected, above all tags
that create objects. (So is `!unsafe`, which keeps Ansible from rendering a text: `{% raw %}` does
the same, and can be stored.)
"""

from typing import Any

import yaml
from yaml.reader import Reader

from ocim.core.characters import hint
from ocim.parsing.document import Document
from ocim.parsing.faults import Fault, Place, refuse
from ocim.parsing.yaml_nodes import NodeReader

MAX_BYTES = 1024 * 1024
"""Maximum size of a document."""
MAX_DEPTH = 50
"""Maximum number of nested lists and mappings."""

# libyaml is many times as fast, but missing if PyYAML was built from source without it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_value(text: str, *, where: str) -> Any:
    """Return the value of a text, None for an empty one; raise ValidationError with all faults."""
    document = parse(text)
    refuse(document.faults, where=where)
    return document.value


def read_mapping(text: str, *, where: str) -> dict[str, Any]:
    """Return the mapping of a text, an empty one for an empty text.

    `where` names the text in faults (`configuration_extra_settings`, the path of a file). Raise
    ValidationError with all faults, each with line and column. (A syntax error hides the faults
    after it.)
    """
    document = parse_mapping(text)
    refuse(document.faults, where=where)
    return dict(document.value)


def parse_mapping(text: str) -> Document:
    """Parse a text, and add a fault if it is not a mapping."""
    document = parse(text)
    if document.value is None:
        document.value = {}
    elif not isinstance(document.value, dict):
        form = "must be a mapping (lines of the form `NAME: value`)."
        document.fault(Place(), form + hint(document.source))
        document.value = {}
    return document


def parse(text: str) -> Document:
    """Parse a text as far as possible, and add its `faults`."""
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
        return [Fault(Place(), f"too large: {size} bytes; the maximum is {MAX_BYTES}.")]
    return [
        Fault(
            Place(number, character.start() + 1),
            f"control character (code {ord(character[0])}): remove it.",
        )
        for number, line in enumerate(text.split("\n"), start=1)
        if (character := Reader.NON_PRINTABLE.search(line))
    ]


def _too_deep(text: str) -> list[Fault]:
    """Return a fault if the levels are too many for the recursive reader of nodes."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            return [Fault(_place(event.start_mark), f"more than {MAX_DEPTH} levels of nesting.")]
    return []


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place()


def _syntax_fault(error: yaml.YAMLError, text: str) -> Fault:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Fault(Place(), f"invalid YAML: {error}.")
    problem = error.problem or "unknown error"
    if error.context and error.context_mark:
        # An unclosed bracket is an error only at the end of the text.
        problem += f", {error.context} that starts in line {_place(error.context_mark).line}"
    place = _place(error.problem_mark or error.context_mark)
    line = "".join(text.split("\n")[place.line - 1 : place.line])
    return Fault(place, f"invalid YAML: {problem}.{hint(line)}")
