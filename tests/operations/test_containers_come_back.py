"""Containers start after they were provisioned, and an engine may take them away meanwhile."""

from typing import Any

import pytest

from ocim.adapters.memory.probers import Reply, as_expected
from ocim.adapters.memory.provisioners import MemoryProvisioner
from ocim.core.errors import TransientError
from ocim.core.health import Probe
from ocim.core.provisioning import ProvisionOutcome
from ocim.store.models import OpenEdXInstance
from tests.world import World


@pytest.fixture
def instance(world: World) -> OpenEdXInstance:
    world.add_tutor()
    return world.make_instance(
        openedx_release="release/ulmo.4", provisioner="tutor", provider="docker"
    )


class Failing(MemoryProvisioner):
    """A provisioner of hosts that an engine takes away at the first runs, or does not."""

    def __init__(self, world: World, *, failures: int, takes_away: bool) -> None:
        super().__init__()
        self._world = world
        self._failures = failures
        self._takes_away = takes_away

    def provision(self, job: Any, **options: Any) -> ProvisionOutcome:
        outcome = super().provision(job, **options)
        if len(self.jobs) <= self._failures:
            if self._takes_away:
                self._world.cloud.up.discard(job.host.name)
                self._world.cloud.seconds_to_come_up[job.host.name] = 5.0
            raise TransientError("The engine does not answer.")
        return outcome


@pytest.mark.parametrize("failures, takes_away, runs", [(2, True, 3), (3, True, 3), (1, False, 1)])
def test_an_app_server_is_taken_up_again_if_its_host_went_away(
    world: World, instance: OpenEdXInstance, failures: int, takes_away: bool, runs: int
) -> None:
    provisioner = Failing(world, failures=failures, takes_away=takes_away)
    world.more_provisioners["tutor"] = provisioner
    appserver = world.spawn(instance)
    assert len(provisioner.jobs) == runs
    assert (appserver.state == "running") == (runs > failures)


@pytest.mark.parametrize(
    "status, seconds, state",
    [(502, 100, "running"), (None, 100, "running"), (502, 200, "failed"), (500, 10, "failed")],
)
def test_services_have_time_to_start(
    world: World, instance: OpenEdXInstance, status: int | None, seconds: float, state: str
) -> None:
    begun = world.clock.later(seconds)

    def reply(probe: Probe) -> Reply:
        return as_expected(probe) if world.clock() >= begun else Reply(status)

    world.prober.reply = reply
    assert world.spawn(instance).state == state
