"""Payloads and progress as the database stores them."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from ocim.core.job_kinds import JobKind
from ocim.core.jobs import PAYLOADS, PROGRESS, Payload, Progress

Value = TypeVar("Value", bound=Payload | Progress)


def to_json(stored: Payload | Progress) -> dict[str, Any]:
    """Return a payload or a progress as the database stores it."""
    values = asdict(stored).items()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


def payload_from_json(kind: str, stored: Mapping[str, Any]) -> Payload:
    """Return the payload that `stored` holds.

    Raise ValueError if there is no such kind, if a key is missing, or if a key is unknown.
    """
    return _from_json(PAYLOADS[JobKind(kind)], stored)


def progress_from_json(kind: str, stored: Mapping[str, Any]) -> Progress:
    """Return the progress of this kind that `stored` holds; an empty one is a first attempt's.

    Raise ValueError if there is no such kind, if a key is missing, or if a key is unknown.
    """
    cls = PROGRESS.get(JobKind(kind), Progress)
    return _from_json(cls, stored) if stored else cls()


def _from_json(cls: type[Value], stored: Mapping[str, Any]) -> Value:
    names = {field.name for field in fields(cls)}
    if names != stored.keys():
        raise ValueError(f"{cls.__name__} has the keys {sorted(names)}, not {sorted(stored)}.")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    return cls(**values)
