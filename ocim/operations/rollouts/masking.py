"""Show fields and options of a rollout without what is secret in them."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.secrets.masking import mask_sql, masked_place
from ocim.operations.instance_settings import EXTRA_SETTINGS

HIDDEN = (EXTRA_SETTINGS, "secret_seed", "jwt_private_key", "payment_processors", "notes")
"""Fields, and lookups of them, that may hold passwords by any name."""
STATEMENTS = ("preupgrade_sql_commands", "sql")
NOT_SHOWN = "(not shown)"


def shown(name: str, value: Any, instead: str = NOT_SHOWN) -> Any:
    """Return the value of a field, of a lookup or of an option, without secrets at any depth."""
    if name.startswith(HIDDEN):
        return instead
    if isinstance(value, Mapping):
        return {key: shown(str(key), inner) for key, inner in value.items()}
    if name in STATEMENTS and isinstance(value, list | tuple):
        return [mask_sql(str(statement)) for statement in value]
    return masked_place(name, value)
