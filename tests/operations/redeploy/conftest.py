import pytest

from tests.operations.redeploy.fleet import Fleet
from tests.world import World


@pytest.fixture
def fleet(world: World) -> Fleet:
    return Fleet(world)
