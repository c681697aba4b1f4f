"""Tasks of Tutor whose client or engine dies: their containers say how they ended."""

import os
from pathlib import Path

import pytest

from ocim.adapters.docker_projects import Project, is_lost
from ocim.adapters.provisioners.tutor.follow import Follower
from ocim.adapters.provisioners.tutor.jobs import INCOMPLETE, Jobs, require_compose
from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.catalog.tutor.tasks import Task
from ocim.core.errors import PermanentError
from ocim.core.hosts import Connection, Host
from ocim.core.provisioning import ConfigurationSource, ProvisionEvent, ProvisionJob
from tests.adapters.ansible_support import never

# A client that ends with the statuses of the file `clients`, and containers with those of the file
# `containers`, a line for each attempt: "-" is a container that never began, ":true" one whose
# memory was short. The file `running` has the tasks that run, a line for each question.
DOCKER = """\
#!/bin/sh
cd {directory}
first() {{ head -n 1 $1; sed -i 1d $1; }}
case "$*" in
*--help) exit 16;;
compose*" run "*) cat >script; echo attempt >>attempts; exit $(first clients);;
compose*" up "*) echo attempt >>attempts; status=$(first clients)
    [ $status = 0 ] || echo "error during connect: EOF"; exit $status;;
"compose version"*) echo 2.3.3;;
version) [ ! -e away ] || {{ rm away; echo "Cannot connect to the Docker daemon" >&2; exit 1; }};;
*--filter=name*) status=$(head -n 1 containers); [ "$status" = - ] || echo exited;;
inspect*) set -- $(head -n 1 containers | tr : ' '); echo exited $1 ${{2:-false}};;
*status=running*) first running;;
*"label=com"*) [ ! -s containers ] || echo job;;
wait*) exit 1;;
rm*) sed -i 1d containers;;
logs*) echo what it printed;;
esac
"""


class Bench:
    """Jobs with a Docker CLI that does what a test says."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        docker = directory / "docker"
        docker.write_text(DOCKER.format(directory=directory))
        docker.chmod(0o755)
        self.environment = {
            "PATH": f"{directory}:{os.environ['PATH']}",
            "DOCKER_HOST": "unix:///run/docker.sock",
        }
        self.told: list[str] = []
        host = Host("as-1", "docker", "127.0.0.1", Connection(kind="docker"), root=str(directory))
        job = ProvisionJob(host=host, source=ConfigurationSource("tutor", "22", ""), variables={})
        self.follower = Follower(job, self.environment, str, self._on_event, never)
        project = Project("p", str(directory), "n", "10.0.0.0/27", "10.0.0.1", "127.0.0.1")
        rendered = Rendered(directory, "", ())
        self.jobs = Jobs(project, rendered, self.follower, pause=lambda _seconds: None)

    def _on_event(self, event: ProvisionEvent) -> None:
        self.told.append(event.text)

    def goes_away(self) -> None:
        """Let the engine not answer once."""
        (self.directory / "away").touch()

    def ends(self, *, clients: str, containers: str = "") -> None:
        """Choose the statuses of the attempts."""
        for name, text in (("clients", clients), ("containers", containers)):
            (self.directory / name).write_text("".join(f"{word}\n" for word in text.split()))

    @property
    def attempts(self) -> int:
        return len((self.directory / "attempts").read_text().splitlines())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "env/local").mkdir(parents=True)
    for name in ("", ".prod", ".jobs"):
        (tmp_path / f"env/local/docker-compose{name}.yml").touch()
    return Bench(tmp_path)


TASK = Task("lms: lms", "lms", "migrate")


@pytest.mark.parametrize(
    "clients, containers, status, attempts",
    [
        ("0", "0", 0, 1),
        ("3", "3", 3, 1),
        ("255", "0", 0, 1),  # its client was killed; the task has ended well
        ("255 3 3", "3 3 3", 3, 3),  # what it failed with may have gone with its engine, too
        ("255 0", "137 0", 0, 2),  # its engine was killed, and it with that
        ("255 0", f"{INCOMPLETE} 0", 0, 2),
        ("255 0", "- 0", 0, 2),
        ("255 0", "255 0", 0, 2),  # its engine does not know how it ended
        ("143 0", "143 0", 0, 2),  # its engine was stopped in order
        ("137", "137:true", 137, 1),  # it would need as much memory again
        ("1", "-", 1, 1),  # the client says why there is no container
        ("125 125 125", "137 137 137", 125, 3),
    ],
)
def test_a_task_is_run_again_only_if_it_was_killed_itself(
    bench: Bench, clients: str, containers: str, status: int, attempts: int
) -> None:
    bench.ends(clients=clients, containers=containers)
    assert bench.jobs.run(TASK, 1).status == status
    assert bench.attempts == attempts


def test_a_task_that_failed_while_its_engine_was_away_is_run_again(bench: Bench) -> None:
    bench.ends(clients="1 0", containers="1 0")
    bench.goes_away()
    assert bench.jobs.run(TASK, 1).status == 0


def test_a_task_without_its_client_says_what_it_printed(bench: Bench) -> None:
    bench.ends(clients="255", containers="0")
    assert bench.jobs.run(TASK, 1).output.rstrip() == "what it printed"


def test_tasks_of_an_earlier_run_end_before_their_containers_are_removed(bench: Bench) -> None:
    bench.ends(clients="", containers="0")
    (bench.directory / "running").write_text("job-1\njob-1\n\n")  # the engine ended the first wait
    bench.jobs.wait_for_earlier()
    assert (bench.directory / "running").read_text() == ""
    assert (bench.directory / "containers").read_text() == ""


@pytest.mark.parametrize(
    "message",
    [
        "Cannot connect to the Docker daemon at unix:///run/x.sock. Is the docker daemon running?",
        "failed to connect to the docker API at unix:///run/x.sock; check if the path is correct",
        "error during connect: Get http://x: EOF",
        "error waiting for container: unexpected EOF",
    ],
)
def test_an_engine_that_is_away_is_known_by_its_clients_words(message: str) -> None:
    assert is_lost(message)


def test_services_are_started_again_once_the_engine_answers(bench: Bench) -> None:
    bench.ends(clients="1 0")
    assert bench.jobs.up("start the containers").status == 0
    assert bench.attempts == 2


def test_a_compose_that_does_not_know_all_options_is_too_old(bench: Bench) -> None:
    with pytest.raises(PermanentError, match=r"too old: 2\.3\.3 does not know .*--quiet-pull"):
        require_compose(bench.environment)


def test_a_long_script_arrives_whole_at_a_command_that_prints_a_lot_first(bench: Bench) -> None:
    script = "echo step\n" * 100_000
    ended = bench.follower.run(
        ["sh", "-c", "yes | head -c 1000000; wc -c"], task="lms: lms", stdin=script
    )
    assert ended.status == 0
    assert str(len(script)) in ended.message
