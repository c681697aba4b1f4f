"""Discovery's hourly job in containers, as the periodic worker starts it."""

from collections.abc import Sequence

import pytest

from ocim.core.errors import TransientError
from ocim.core.hosts import Ran
from ocim.operations.shop.refresh import start_all
from ocim.store.models import LogEntry, OpenEdXAppServer, SearchServer
from tests.world import World

DISCOVERY = "SANDBOX_ENABLE_DISCOVERY: yes\n"


@pytest.fixture
def started(world: World) -> list[str]:
    """Return the hosts on which the job was started."""
    hosts: list[str] = []

    def answer(host: str, argv: Sequence[str], stdin: str) -> Ran:
        if "docker exec -d" in argv[-1]:
            hosts.append(host)
            return Ran(0, "")
        return world.shells(host, argv, stdin)

    world.cloud.answer = answer
    return hosts


def spawn(world: World, *, by: str = "tutor", text: str = DISCOVERY) -> OpenEdXAppServer:
    """Return an active app server."""
    SearchServer.objects.get_or_create(
        name="search", kind="elasticsearch", host="127.0.0.1", port=9200, admin_user="elastic"
    )
    instance = world.make_instance(configuration_extra_settings=text)
    appserver = world.spawn(instance, activate=True)
    assert appserver.is_active
    appserver.provisioner = by
    appserver.save()
    return appserver


def test_the_job_is_started_where_containers_have_discovery(
    world: World, started: list[str]
) -> None:
    appserver = spawn(world)
    spawn(world, by="ansible")
    spawn(world, text="")
    start_all(world.context())
    assert appserver.server
    assert started == [appserver.server.name]


def test_the_job_is_started_on_one_app_server_that_serves(world: World, started: list[str]) -> None:
    first = spawn(world)
    second = world.spawn(first.instance)
    OpenEdXAppServer.objects.filter(pk=second.pk).update(provisioner="tutor")
    start_all(world.context())
    OpenEdXAppServer.objects.filter(pk=second.pk).update(is_active=True)
    start_all(world.context())
    assert first.server and second.server  # noqa: PT018
    assert started == [first.server.name, second.server.name]


def test_an_archived_instance_has_no_job(world: World, started: list[str]) -> None:
    appserver = spawn(world)
    world.do("archive", appserver)
    start_all(world.context())
    assert started == []


@pytest.mark.parametrize("fault", [Ran(1, "", "no such container"), TransientError("no engine")])
def test_a_job_that_cannot_be_started_is_told_and_the_next_one_is_started(
    world: World, started: list[str], fault: Ran | TransientError
) -> None:
    first, second = spawn(world), spawn(world)
    usual = world.cloud.answer

    def answer(host: str, argv: Sequence[str], stdin: str) -> Ran:
        if first.server and host == first.server.name:
            if isinstance(fault, TransientError):
                raise fault
            return fault
        return usual(host, argv, stdin) if usual else Ran(0, "")

    world.cloud.answer = answer
    start_all(world.context())
    assert second.server
    assert started == [second.server.name]
    last = LogEntry.objects.filter(appserver=first).order_by("-id").first()
    assert last
    assert last.text.startswith("The hourly job of discovery was not started: no ")
