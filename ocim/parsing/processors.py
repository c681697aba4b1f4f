"""Payment processors and their keys, which operators write in YAML."""

from typing import Any

from ocim.core.errors import ValidationError
from ocim.parsing.yaml_text import read_mapping


def read_processors(text: str, *, where: str) -> dict[str, dict[str, Any]]:
    """Return the keys by processor, in their order; raise ValidationError for anything else."""
    processors = read_mapping(text, where=where)
    wrong = [
        f"{where}: {name} must be empty or a mapping with the processor's keys."
        for name, keys in processors.items()
        if keys is not None and not isinstance(keys, dict)
    ]
    if wrong:
        raise ValidationError(wrong)
    return {str(name): keys or {} for name, keys in processors.items()}
