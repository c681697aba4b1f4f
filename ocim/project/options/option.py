"""A setting, as a field of a dataclass."""

from dataclasses import field
from typing import Any


def option(name: str, default: Any, meaning: str, *, shown: str = "") -> Any:
    """Return a field for a setting, with its name, default and meaning.

    `shown` describes a default that is not a value, or differs between installations.
    """
    shown = shown or f"`{_written(default)}`"
    return field(default=default, metadata={"name": name, "meaning": meaning, "shown": shown})


def _written(default: Any) -> str:
    """Return the default as one would write it in the environment."""
    match default:
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
        case tuple():
            return ",".join(default)
    return str(default)
