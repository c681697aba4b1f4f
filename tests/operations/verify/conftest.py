import json
from collections.abc import Callable

import pytest

from ocim.core.verification import Line, Outcome
from ocim.operations.effective import effective_variables, serialize
from ocim.operations.shop.verify import verify
from ocim.store.models import OpenEdXAppServer
from tests.operations.verify.platform import Platform
from tests.world import World

ON = "SANDBOX_ENABLE_ECOMMERCE: yes\nSANDBOX_ENABLE_DISCOVERY: yes"
Verify = Callable[..., dict[str, Line]]


@pytest.fixture
def platform(world: World) -> Platform:
    """Return a platform that answers for every app server."""
    platform = Platform()
    world.browsers.answer = platform.answer
    return platform


@pytest.fixture
def appserver(world: World, platform: Platform) -> OpenEdXAppServer:
    """Return an app server that serves an instance with both services."""
    result = make(world)
    world.cloud.answer = platform.ran
    return result


def make(
    world: World, release: str = "open-release/juniper.2", **processors: dict[str, str]
) -> OpenEdXAppServer:
    """Return an app server as if spawned with both services, without set-up steps."""
    result = world.spawn(
        world.make_instance(openedx_release=release, edx_platform_commit=release), activate=True
    )
    instance = result.instance
    instance.configuration_extra_settings = ON
    instance.partner_code, instance.currency = "DEMO", "GBP"
    instance.payment_processors = json.dumps(processors or {"test-card": {}})
    instance.save()
    result.optional_services = ["ecommerce", "discovery"]
    result.effective_variables = serialize(effective_variables(instance, world.policy))
    result.save()
    return result


@pytest.fixture
def lines(world: World, appserver: OpenEdXAppServer) -> Verify:
    """Verify the services, and return the lines by name."""

    def run(*, purchase: bool = False) -> dict[str, Line]:
        report = verify(appserver, world.context(), purchase=purchase)
        return {line.name: line for line in report.lines}

    return run


def wrong(lines: dict[str, Line]) -> set[str]:
    """Return the names of failed lines."""
    return {name for name, line in lines.items() if line.outcome is Outcome.FAILED}
