"""Choices and database constraints of fields that hold a state."""

from enum import StrEnum

from django.db.models import CheckConstraint, Q


def choices(states: type[StrEnum]) -> list[tuple[str, str]]:
    """Return the choices of a field that holds one of the states."""
    return [(state.value, state.value) for state in states]


def only(states: type[StrEnum], *, field: str = "state", name: str) -> CheckConstraint:
    """Return a constraint with this name: `field` must hold one of the states."""
    values = [state.value for state in states]
    return CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)
