"""Edits of an instance in steps: read its fields, see what a change does, notice other edits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from ocim.core.errors import ValidationError
from ocim.core.variables import Effective
from ocim.operations import instances
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.rollouts.variables import Change, Changes
from ocim.parsing.extra_settings import warnings_of
from ocim.store.models import OpenEdXInstance


@dataclass(frozen=True, slots=True)
class Preview:
    """Effects of a change that was not stored."""

    variables: tuple[Change, ...]
    """Changes in the variables of the next app server; secrets are masked."""
    warnings: tuple[str, ...]


def preview(
    *, instance_id: int, changes: Mapping[str, Any], context: Context, version: str = ""
) -> Preview:
    """Return the effects of a change, and store nothing.

    Raise the same errors as `instances.change`.
    """
    with transaction.atomic():
        old = _variables(instance_id, context)
        instance, _ = instances.change(
            instance_id=instance_id, changes=changes, context=context, version=version
        )
        new = effective_variables(instance, context.policy)
        transaction.set_rollback(True)
    return Preview(
        Changes().of(old, new, new.values),
        tuple(warnings_of(instance.configuration_extra_settings, values=new.values)),
    )


def _variables(instance_id: int, context: Context) -> Effective | None:
    rows = OpenEdXInstance.objects.select_related("ref_set", "database_server")
    try:
        return effective_variables(rows.get(pk=instance_id), context.policy)
    except ValidationError:  # a change may be what mends it
        return None
