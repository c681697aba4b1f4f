"""Payment processors and their keys, in YAML that operators write."""

from typing import Any

from ocim.core.errors import ValidationError
from ocim.parsing.yaml_text import read_mapping


def read_processors(text: str, *, where: str) -> dict[str, dict[str, Any]]:
    """Keys by processor, in their order; ValidationError for anything else."""
    found = read_mapping(text, where=where)
    wrong = [
        f"{where}: {name} must have its keys below it, or nothing."
        for name, keys in found.items()
        if keys is not None and not isinstance(keys, dict)
    ]
    if wrong:
        raise ValidationError(wrong)
    return {str(name): keys or {} for name, keys in found.items()}
