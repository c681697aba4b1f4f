"""The door for requests: options of a command, a plan file or a page become one checked value."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import IntegerField

from ocim.core.characters import hint
from ocim.core.errors import ValidationError, gathered
from ocim.core.rollout_request import RolloutRequest, read_rules, read_waves
from ocim.operations.instance_settings import SETTABLE
from ocim.operations.rollouts.lookups import check_lookups, suggestion
from ocim.operations.rollouts.selection import FAILED
from ocim.parsing.document import written
from ocim.store.models import OpenEdXInstance
from ocim.store.validators import validate_tag

LONGEST_TAG = 93
NAMES_IT = "It names the rollout."

ReadDocument = Callable[[str, Any], Any]
"""A function that turns the value of a named option into the mapping or list that it means."""


def read_request(
    options: Mapping[str, Any], read: ReadDocument = lambda _option, value: value
) -> RolloutRequest:
    """Return the request that options make. Raise ValidationError with all that is wrong with them.

    The options are those of `instance_redeploy`, by name, each of which may be missing. `read`
    turns a document (of `filter`, `exclude`, `update`, `preupgrade_sql_commands`) into its value.
    """
    rules, update, including, excluding, sql, waves, tag = gathered(
        lambda: read_rules(options),
        lambda: _checked(options, "update", read, _require_update),
        lambda: _checked(options, "filter", read, check_lookups),
        lambda: _checked(options, "exclude", read, check_lookups),
        lambda: _statements(options, read),
        lambda: read_waves(options),
        lambda: _tag(options.get("tag")),
    )
    return RolloutRequest(
        tag=tag,
        filter=including,
        exclude=excluding,
        update=update,
        sql=sql,
        waves=waves,
        **rules,
    )


def _checked(
    options: Mapping[str, Any],
    name: str,
    read: ReadDocument,
    check: Callable[[str, Mapping[str, Any]], object],
) -> Mapping[str, Any]:
    option = f"--{name}"
    value = read(option, options[name]) if _is_there(options, name) else {}
    if not isinstance(value, Mapping):
        raise ValidationError([f"{option} must be a mapping, as {{name: value}}."])
    check(option, value)
    return value


def _is_there(options: Mapping[str, Any], name: str) -> bool:
    """Return True unless an option is missing, empty or blank."""
    value = options.get(name)
    return bool(value.strip() if isinstance(value, str) else value)


def _statements(options: Mapping[str, Any], read: ReadDocument) -> tuple[str, ...]:
    option = "--preupgrade-sql-commands"
    is_there = _is_there(options, "preupgrade_sql_commands")
    value = read(option, options["preupgrade_sql_commands"]) if is_there else []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValidationError([f"{option} must be a list of SQL statements."])
    return tuple(value)


def _tag(tag: str | None) -> str:
    if tag is None:
        raise ValidationError([f"--tag is missing. {NAMES_IT}"])
    if not tag.strip():
        raise ValidationError([f"--tag is empty. {NAMES_IT}"])
    _require_tag(tag)
    return tag


def _require_tag(tag: str) -> None:
    """Raise ValidationError where instances cannot be marked with the tag."""
    faults = []
    try:
        validate_tag(tag)
    except DjangoValidationError as error:
        faults += [f"--tag: {tag!r}: {fault}" for fault in error.messages]
    if len(tag) > LONGEST_TAG:
        faults = [f"--tag must have at most {LONGEST_TAG} characters; this one has {len(tag)}."]
    if tag.endswith(FAILED):
        faults.append(
            f'--tag must not end in "{FAILED}": Ocim adds that to instances whose upgrade failed.'
        )
    if faults:
        raise ValidationError(faults)


def _require_update(option: str, update: Mapping[str, Any]) -> None:
    """Raise ValidationError with every field that is unknown and every value of a wrong type."""
    faults = []
    for name, value in update.items():
        if name not in SETTABLE:
            remedy = f"{suggestion(name, SETTABLE)}{hint(name)}"
            faults.append(f"{option}: unknown field {name!r}.{remedy}")
        elif isinstance(OpenEdXInstance._meta.get_field(name), IntegerField):
            if type(value) is not int:
                faults.append(f"{option}: {name}: {written(update, name)} is no whole number.")
        elif not isinstance(value, str):
            faults.append(f"{option}: {name}: {_not_text(name, value, written(update, name))}")
    if faults:
        raise ValidationError(faults)


def _not_text(name: str, value: Any, raw: str) -> str:
    match value:
        case None:
            return "null is no text: for an empty one write ''."
        case dict():
            return f"a mapping is no text: write `{name}: |`, and the lines below it, indented."
        case list():
            return "a list is no text."
    # YAML reads 1.10 as 1.1, and 2026-06-12 as a day.
    return f"{raw} is no text: write it in quotes: '{raw}'."
