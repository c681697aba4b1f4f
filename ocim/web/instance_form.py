"""The form of an instance's settings: its fields, and the changes that somebody typed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import QueryDict

from ocim.core.errors import ValidationError, gathered
from ocim.core.faults import FormFaults, sorted_faults
from ocim.core.provisioning import PROVISIONERS
from ocim.core.secrets import without_credentials
from ocim.operations.instance_settings import EXTRA_SETTINGS
from ocim.operations.instance_versions import FIELDS, settings_of
from ocim.operations.masked_text import (
    masked_notes,
    masked_settings,
    restored_notes,
    restored_settings,
)
from ocim.parsing.arguments import tags_of
from ocim.parsing.extra_settings import SHARED
from ocim.presentation.instance_fields import GROUPS, help_of
from ocim.store.models import OpenEdXInstance
from ocim.wiring import PROVIDERS

MASKED = {"notes": masked_notes, EXTRA_SETTINGS: masked_settings}
"""Functions that mask the secrets of a field for those who may not see them."""
CHOICES = {"provisioner": PROVISIONERS, "provider": PROVIDERS}
RESTORED = {"notes": restored_notes, EXTRA_SETTINGS: restored_settings}
"""Functions that put the masked secrets of a field back."""
SPARE_LINES = 3
"""Empty lines below a text, to write in."""
TEXTS = ("notes", EXTRA_SETTINGS)


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a form, with what was typed and its faults."""

    name: str
    label: str
    value: str
    faults: tuple[str, ...] = ()
    faulty_lines: tuple[int, ...] = ()
    read_only: str = ""
    """Text that is shown instead of a field that cannot be edited without its secrets."""
    choices: Collection[str] = ()
    """Values to choose from; empty: any text."""

    @property
    def help(self) -> str:
        """Help text of the field."""
        return help_of(self.name)

    @property
    def kind(self) -> str:
        """Kind of the field: yaml, text, number, choice or line."""
        if self.name in (EXTRA_SETTINGS, SHARED):
            return "yaml"
        if self.choices:
            return "choice"
        return {"notes": "text", "openedx_appserver_count": "number"}.get(self.name, "line")

    @property
    def rows(self) -> int:
        """Height of the field in lines."""
        return self.value.count("\n") + 1 + SPARE_LINES

    @property
    def lines(self) -> list[tuple[int, bool]]:
        """Number of each line, and True if it is faulty."""
        return [(number, number in self.faulty_lines) for number in range(1, self.rows + 1)]


def shown_values(instance: OpenEdXInstance, *, secrets: bool) -> dict[str, str]:
    """Return every setting as a form shows it; leave out those that cannot be edited masked."""
    values: dict[str, str | None] = {}
    for name, value in settings_of(instance).items():
        text = ", ".join(value) if name == "tags" else str(value)
        if not secrets:
            mask = MASKED.get(name, without_credentials)
            values[name] = mask(text)
        else:
            values[name] = text
    return {name: text for name, text in values.items() if text is not None}


def typed_values(post: QueryDict, shown: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed, with line breaks as on this machine; missing fields are as shown."""
    return {name: post.get(name, text).replace("\r\n", "\n") for name, text in shown.items()}


def changes_of(
    typed: Mapping[str, str], shown: Mapping[str, str], instance: OpenEdXInstance
) -> dict[str, Any]:
    """Return the new values of the fields that differ from what was shown.

    Masked secrets become what they were. Raise ValidationError if they cannot.
    """
    changed = [name for name in FIELDS if name in typed and typed[name] != shown[name]]
    values = gathered(*(partial(value_of, name, typed[name], shown, instance) for name in changed))
    return dict(zip(changed, values, strict=True))


def value_of(name: str, text: str, shown: Mapping[str, str], instance: OpenEdXInstance) -> Any:
    """Return a field's value from its text; masked secrets become what they were.

    Raise ValidationError if they cannot.
    """
    if name == "tags":
        return tags_of(text)
    if name not in MASKED:
        return text
    return RESTORED[name](text, original=settings_of(instance)[name], shown=shown[name])


def groups_of(
    typed: Mapping[str, str],
    error: ValidationError | None = None,
    *,
    read_only: Mapping[str, str] | None = None,
) -> tuple[list[tuple[str, list[Entry]]], FormFaults]:
    """Return the form's groups of fields, and all faults of the error.

    `read_only` has the texts of fields that are not in `typed`.
    """
    faults = sorted_faults(error.faults if error else (), FIELDS)

    def entry(name: str, label: str) -> Entry:
        return Entry(
            name,
            label,
            typed.get(name, ""),
            tuple(faults.by_field.get(name, ())),
            tuple(faults.lines.get(name, ())),
            "" if name in typed else (read_only or {}).get(name, ""),
            CHOICES.get(name, ()),
        )

    groups = [(group.title, [entry(*item) for item in group.labels.items()]) for group in GROUPS]
    return groups, faults
