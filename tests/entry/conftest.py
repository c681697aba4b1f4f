"""Fixtures of what is done from outside."""

import pytest

from ocim.store.models import OpenEdXInstance
from tests.console.conftest import Installation, ocim, types

__all__ = ["campus", "ocim", "types"]


@pytest.fixture
def campus(ocim: Installation) -> int:
    """Return an instance that a rollout may take."""
    made = ocim.campus()
    OpenEdXInstance.objects.update(successfully_provisioned=True)
    return made
