"""Versions of an instance's settings, by which an edit notices another one."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from ocim.core.errors import Conflict
from ocim.operations.instance_settings import OF_REFERENCE, SETTABLE
from ocim.store.models import OpenEdXInstance

FIELDS = (*SETTABLE, *OF_REFERENCE, "tags")
"""Names of all settings, in the order of a version's parts."""
_DIGITS = 8


class Outdated(Conflict):
    """Request to change settings that somebody else has changed since they were read."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(
            f"Somebody else changed the instance meanwhile: {', '.join(self.fields)}.",
            remedy="Look at the present values, and send your change again.",
        )


def settings_of(instance: OpenEdXInstance) -> dict[str, Any]:
    """Return the value of every setting; tags are a list in alphabetical order."""
    return {
        **{name: getattr(instance, name) for name in SETTABLE},
        **{name: getattr(instance.ref_set, name) for name in OF_REFERENCE},
        "tags": sorted(instance.tags.values_list("name", flat=True)),
    }


def version_of(instance: OpenEdXInstance) -> str:
    """Return a text that differs whenever a setting differs, and that tells no secret."""
    return "".join(_part(instance, *item) for item in settings_of(instance).items())


def was_kept(instance: OpenEdXInstance, name: str, value: object, version: str) -> bool:
    """Return True if the field had this value at the version."""
    start = FIELDS.index(name) * _DIGITS
    return _part(instance, name, value) == version[start : start + _DIGITS]


def require_version(instance: OpenEdXInstance, version: str) -> None:
    """Raise Outdated, with the fields that changed, unless this is the settings' version."""
    present = version_of(instance)
    if present != version:
        starts = range(0, len(present), _DIGITS)
        pairs = zip(FIELDS, starts, strict=True)
        raise Outdated(
            name
            for name, start in pairs
            if present[start : start + _DIGITS] != version[start : start + _DIGITS]
        )


def _part(instance: OpenEdXInstance, name: str, value: object) -> str:
    text = f"{name}={value}".encode()
    return hmac.digest(instance.secret_seed.encode(), text, hashlib.sha256).hex()[:_DIGITS]
