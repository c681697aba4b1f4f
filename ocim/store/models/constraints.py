"""States as the database keeps them: their choices, and a constraint that no other is written."""

from enum import StrEnum

from django.db.models import CheckConstraint, Q


def choices(states: type[StrEnum]) -> list[tuple[str, str]]:
    """Return the choices of a field that holds one of the states."""
    return [(state.value, state.value) for state in states]


def only(states: type[StrEnum], *, field: str = "state", name: str) -> CheckConstraint:
    """Return the constraint, of this name, that `field` holds one of the states."""
    values = [state.value for state in states]
    return CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)
