"""A manager on several machines, each of which is killed or cut off while a rollout runs.

Database, queue, two machines with workers, pages and balancer have a network namespace each, and
share no directory. App servers are machines that are reached by ssh. With MACHINES=12 the rollout
has twelve instances, and every kind of machine is killed; without it two instances, and three
disturbances. Each instance takes two containers.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.acceptance.installation import until
from tests.acceptance.manager_fleet import CLEAN, FILES, INSTANCES, Fleet
from tests.adapters.git_support import Repository
from tests.machine_pool import machine_pool_of
from tests.manager_machines import Machine, machines_of
from tests.nspawn_hosts import needs_nspawn
from tests.postgresql_server import postgresql_files

pytestmark = [needs_nspawn, pytest.mark.timeout(3600), pytest.mark.xdist_group("several-machines")]

IS_LARGE = "MACHINES" in os.environ
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
OF_CONTAINER = 6
"""Number of inotify instances that systemd and its daemons take in a container."""


@contextmanager
def containers_may_boot(count: int) -> Iterator[None]:
    """Let the kernel have inotify instances for so many containers, beside what runs already.

    A container without them does not boot; by default there are 128 for all.
    """
    before = INOTIFY.read_text()
    INOTIFY.write_text(str(int(before) + count * OF_CONTAINER))
    try:
        yield
    finally:
        INOTIFY.write_text(before)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("several")
    repository = Repository(directory / "configuration")
    repository.commit(FILES)
    names = ("database", "queue", "worker-one", "worker-two", "pages", "balancer")
    hosts = 2 * INSTANCES + (6 if IS_LARGE else 2)  # app servers that fail keep theirs
    with (
        containers_may_boot(hosts) if IS_LARGE else nullcontext(),
        machine_pool_of(directory, count=hosts) as pool,
        postgresql_files(auth="trust") as postgresql,
        machines_of(names, pool.machines.bridge, directory) as machines,
    ):
        pool.describe(clean_command=CLEAN)
        postgresql.let_in(str(pool.machines.bridge.network), "trust")
        fleet = Fleet(machines, pool, directory)
        fleet.configure(repository.url)
        fleet.start(postgresql)
        yield fleet


ENDED = ("cannot be renewed", "is taken up again when the database can be written to")
"""Messages of a worker that ended a job without a database: when it asked, or when it wrote."""
Disturbance = Callable[[Fleet], None]


def a_worker_is_cut_off(fleet: Fleet) -> None:
    """Cut off a worker that provisions: its run ends, and what it writes later has no effect."""
    machine = fleet.provisioning()
    machine.cut()
    until(lambda: not machine.processes("ansible"), machine.said())
    fleet.takes_over(machine)
    machine.join()
    machine.wait_for(f"({'|'.join(ENDED)})")


def a_worker_is_killed(fleet: Fleet) -> None:
    machine = fleet.provisioning()
    machine.kill()
    fleet.takes_over(machine)
    machine.boot()


def the_database_is_killed(fleet: Fleet) -> None:
    """Kill the database for longer than leases last: nothing is provisioned meanwhile."""
    fleet.provisioning()
    fleet.database.kill()
    until(lambda: not any(each.processes("ansible") for each in fleet.workers), fleet.said())
    fleet.database.boot()


def the_queue_is_killed(fleet: Fleet) -> None:
    """Kill the queue until another app server runs: workers find their jobs without it."""
    fleet.provisioning()
    query = "select max(id) from store_openedxappserver where state = 'running'"
    before = fleet.ask(query)
    fleet.queue.kill()
    until(lambda: fleet.ask(query) > before, fleet.said())
    fleet.queue.boot()


def the_pages_are_killed(fleet: Fleet) -> None:
    _killed(fleet, fleet.web)


def the_balancer_is_killed(fleet: Fleet) -> None:
    _killed(fleet, fleet.balancer)


def an_app_host_is_killed(fleet: Fleet) -> None:
    """Kill a host: its app server fails, and the next attempt takes another host."""
    fleet.provisioning()
    query = """
        select machine.name from store_poolmachine machine
        join store_server server on server.name = machine.host
        join store_openedxappserver appserver on appserver.server_id = server.id
        where appserver.state = 'provisioning'
    """
    ((name,), *_) = until(lambda: fleet.ask(query), fleet.said())
    fleet.pool.turn_off(name)
    failed = "select id from store_openedxappserver where state = 'failed'"
    until(lambda: fleet.ask(failed), fleet.said())
    fleet.pool.turn_on()


def _killed(fleet: Fleet, machine: Machine) -> None:
    fleet.provisioning()
    machine.kill()
    machine.boot()


SMALL: list[Disturbance] = [a_worker_is_cut_off, the_database_is_killed, a_worker_is_killed]
LARGE: list[Disturbance] = [
    *SMALL,
    the_queue_is_killed,
    the_pages_are_killed,
    the_balancer_is_killed,
    an_app_host_is_killed,
]


def test_a_rollout_ends_right_whatever_dies(fleet: Fleet) -> None:
    for disturb in LARGE if IS_LARGE else SMALL:
        disturb(fleet)
    fleet.end()

    hosts = {row["host"] for row in json.loads(fleet.ocim("host", "list", "--json"))}
    query = "select id from store_openedxappserver where state <> 'terminated'"
    assert hosts == {f"appserver-{number}" for (number,) in fleet.ask(query)}
    machines = json.loads(fleet.ocim("host", "pool", "--json"))
    assert {machine["kept out"] for machine in machines} == {None}
    fleet.ocim("doctor")


def test_no_machine_has_a_database_of_its_own(fleet: Fleet) -> None:
    assert fleet.ask("select id from store_openedxappserver") != []
    assert list(fleet.directory.glob("*/var/ocim.sqlite3")) == []
