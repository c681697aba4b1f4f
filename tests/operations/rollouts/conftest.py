import pytest

from tests.operations.rollouts.fleet import Fleet
from tests.world import World


@pytest.fixture
def fleet(world: World) -> Fleet:
    return Fleet(world)
