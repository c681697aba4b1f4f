"""Changes of switches in settings that operators wrote; everything else stays as it is."""

from collections.abc import Mapping

import yaml

from ocim.core.errors import Conflict


def with_switches(text: str, switches: Mapping[str, bool]) -> str:
    """Return the text with each switch set: replace its value, or add a line.

    The text must be valid for `check_extra_settings`. Raise Conflict if no line can be added.
    """
    for name, on in switches.items():
        text = _with(text, name, "true" if on else "false")
    return text


def _with(text: str, name: str, value: str) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, node in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == name:
            start, end = node.start_mark.index, node.end_mark.index
            return text[:start] + value + text[end:]
    if isinstance(root, yaml.MappingNode) and root.flow_style:
        raise Conflict(
            "configuration_extra_settings are in braces, so Ocim cannot add a line.",
            remedy=f"Add `{name}: {value}` yourself.",
        )
    gap = "\n" if text and not text.endswith("\n") else ""
    return f"{text}{gap}{name}: {value}\n"
