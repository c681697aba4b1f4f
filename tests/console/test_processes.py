"""The commands that are processes, as processes."""

import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from tests.adapters.caddy_support import until
from tests.console.processes import OCIM, ROOT, environment, manage, migrate

LOW = "opencraft_low_priority"


@contextmanager
def running(var: Path, *words: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """Yield the command `ocim` in a directory without the code, removed at the end."""
    with subprocess.Popen(
        [OCIM, *words],
        cwd=var,
        env=environment(var, **settings),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stderr is not None
    output = []
    for line in process.stderr:
        output.append(line)
        if text in line:
            return
    pytest.fail(f"{text!r} was never said: {''.join(output)}")


MESSAGE = f"""
from ocim.operations.first_install import ensure_shared_servers
from ocim.tasks.queues import queue
from django.conf import settings
ensure_shared_servers(databases=settings.OCIM.var)
queue("{LOW}").sync(1)
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an installation without instances; an impossible message waits for a worker."""
    var = tmp_path_factory.mktemp("var")
    migrate(var)
    ran = manage(var, "shell", "-c", MESSAGE)
    assert ran.returncode == 0, ran.stderr
    return var


@pytest.fixture
def var(installation: Path, tmp_path: Path) -> Path:
    """Return the directory of that installation, for one test."""
    return Path(shutil.copytree(installation, tmp_path / "var"))


def workers(var: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(var / "ocim.sqlite3")) as database:
        return database.execute("SELECT queue, threads FROM store_worker").fetchall()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_is_known_for_as_long_as_it_runs(var: Path, told: signal.Signals) -> None:
    with running(var, "worker", "--threads", "1", HUEY_QUEUE_NAME=LOW) as worker:
        wait_for(worker, "sync: The balancer is not running")
        assert workers(var) == [(LOW, 1)]

        worker.send_signal(told)
        worker.communicate(timeout=60)

    assert workers(var) == []


class Repository(ThreadingHTTPServer):
    """Repository whose only answer, that it does not exist, waits for the test."""

    def __init__(self) -> None:
        self.asked, self.may_answer = Event(), Event()
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/configuration"


class _Answer(BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        self.server.asked.set()
        self.server.may_answer.wait()
        with suppress(OSError):  # whoever asked may have ended
            self.send_error(404)

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


TWO_SPAWNS = """
from django.core.management import call_command
for domain in ("one.localhost", "two.localhost"):
    repository = ["configuration_source_repo_url={url}", "configuration_version=main"]
    call_command("instance", "create", domain, *repository)
    call_command("appserver", "spawn", domain, "--no-wait")
"""


@pytest.fixture
def repository(var: Path) -> Iterator[Repository]:
    """Let two spawns wait for a worker, each of which asks the repository first."""
    with Repository() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        ran = manage(var, "shell", "-c", TWO_SPAWNS.format(url=server.url))
        assert ran.returncode == 0, ran.stderr
        yield server
        server.may_answer.set()
        server.shutdown()


def spawns(var: Path) -> list[tuple[str, int, str]]:
    """Return state, attempts and holder of each job, the oldest first."""
    with closing(sqlite3.connect(var / "ocim.sqlite3")) as database:
        return database.execute(
            "SELECT job.state, attempts, holder FROM store_job job"
            " JOIN store_lease lease ON lease.id = lease_id ORDER BY job.id"
        ).fetchall()


NEXT_MIGRATION = """
INSERT INTO django_migrations (app, name, applied) VALUES ('store', '0099_next', '2030-01-01')
"""
WORKER = ("worker", "--threads", "1")


def test_a_worker_that_shall_drain_finishes_its_job_and_leaves_the_others(
    var: Path, repository: Repository
) -> None:
    with running(var, *WORKER) as worker:
        repository.asked.wait()
        worker.send_signal(signal.SIGINT)
        wait_for(worker, "begins no more jobs")
        repository.may_answer.set()
        worker.communicate()
    assert spawns(var) == [("failed", 1, ""), ("waiting", 0, "")]


def test_a_worker_of_an_older_version_finishes_its_job_and_leaves_the_others_to_a_newer(
    var: Path, repository: Repository
) -> None:
    with running(var, *WORKER, OCIM_LEASE="2") as worker:
        repository.asked.wait()
        with closing(sqlite3.connect(var / "ocim.sqlite3")) as database, database:
            database.execute(NEXT_MIGRATION)
        wait_for(worker, "0099_next is unknown here. This worker finishes its jobs, and ends.")
        wait_for(worker, "begins no more jobs")
        repository.may_answer.set()
        worker.communicate()
    assert spawns(var) == [("failed", 1, ""), ("waiting", 0, "")]

    with closing(sqlite3.connect(var / "ocim.sqlite3")) as database, database:
        database.execute("DELETE FROM django_migrations WHERE name = '0099_next'")
    with running(var, *WORKER) as newer:
        until(lambda: spawns(var)[1][:2] == ("failed", 1), "the newer one does not take it over")
        newer.terminate()
        newer.communicate()


def test_a_job_whose_worker_is_terminated_is_taken_up_again_as_if_never_tried(
    var: Path, repository: Repository
) -> None:
    with running(var, *WORKER) as worker:
        repository.asked.wait()
        worker.terminate()
        worker.communicate()
    assert spawns(var) == [("running", 0, ""), ("waiting", 0, "")]


def test_a_worker_does_not_start_with_wrong_settings(var: Path) -> None:
    ran = manage(var, "worker", OCIM_LEASE="0")

    assert ran.returncode == 1
    assert "OCIM_LEASE" in ran.stderr


def test_the_pages_are_served_where_the_settings_say(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"

    with running(var, "web", OCIM_WEB_ADDRESS=address) as web:
        wait_for(web, f"running on http://{address}")
        assert httpx.get(f"http://{address}/").status_code < 500

        web.terminate()
        web.communicate(timeout=60)


def test_what_visitors_wait_for_starts_without_django() -> None:
    program = "import sys, ocim.project.main; print({'django.apps', 'django.db'} & {*sys.modules})"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "set()\n"


def test_a_balancers_process_tells_what_is_wrong_with_its_settings(var: Path) -> None:
    with running(var, "balancer", "run", "edge", OCIM_HTTPS_PORT="https") as edge:
        _, output = edge.communicate(timeout=60)
    assert edge.returncode == 1
    assert "OCIM_HTTPS_PORT" in output


def test_a_balancers_process_that_runs_already_says_so(var: Path) -> None:
    (var / "balancer").mkdir()
    with (var / "balancer/router.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with running(var, "balancer", "run", "router") as router:
            _, output = router.communicate(timeout=60)
    assert router.returncode == 1
    assert output.startswith("Error: The balancer's router in ")
    assert output.endswith("runs already.\nStop that one first.\n")


def test_the_router_starts_with_nothing_of_ocim_on_path(var: Path) -> None:
    with running(var, "balancer", "run", "router"):
        until((var / "balancer/admin.sock").exists, "the router does not start")


def test_a_balancer_has_two_processes(var: Path) -> None:
    ran = manage(var, "balancer", "run", "middle")

    assert ran.returncode == 2
    assert "edge" in ran.stderr
    assert "router" in ran.stderr


def test_only_one_may_bring_everything_up(var: Path) -> None:
    with (var / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        ran = manage(var, "up")

    assert ran.returncode == 1
    assert ran.stderr == f"Error: Ocim runs already in {var}.\nStop it first: ocim down\n"


def test_a_new_installation_gets_a_key_before_its_settings_are_checked(tmp_path: Path) -> None:
    var = tmp_path / "new"

    ran = manage(var, "up", OCIM_MASTER_KEY="", OCIM_HTTPS_PORT="https", OCIM_WORKERS="0")

    key = var / "master.key"
    assert ran.returncode == 1
    assert [line.removeprefix("Error: ").partition(":")[0] for line in ran.stderr.splitlines()] == [
        "OCIM_HTTPS_PORT",
        "OCIM_WORKERS",
    ]
    assert (stat.S_IMODE(var.stat().st_mode), stat.S_IMODE(key.stat().st_mode)) == (0o700, 0o600)
    assert not (var / "ocim.sqlite3").exists()


def test_output_into_a_pipe_has_no_colours(var: Path) -> None:
    ran = manage(var, "instance", "list")

    assert ran.stdout == "id\tname\tdomain\tstate\tactive\trelease\theld\n"


def test_a_terminal_gets_a_table(var: Path) -> None:
    master, terminal = os.openpty()
    try:
        subprocess.run(
            [sys.executable, "manage.py", "instance", "list"],
            cwd=ROOT,
            env=environment(var, TERM="xterm"),
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            check=True,
            timeout=60,
        )
        output = os.read(master, 4096).decode()
    finally:
        os.close(terminal)
        os.close(master)

    assert "\x1b[1m" in output
    assert "\t" not in output
