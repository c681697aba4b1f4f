"""Spawns and upgrades by Tutor whose parts are killed at each step: CHAOS=every-step runs them.

Workers, what Ocim runs of Tutor and compose, and the engine itself die while visitors come. Nothing
here is a guard of the suite: it takes an hour.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from demo import servers
from demo.engine import Engine, EngineError
from tests.acceptance.installation import (
    REPOSITORY,
    Installation,
    command_line,
    until,
)
from tests.acceptance.traffic import Traffic, Visitor
from tests.acceptance.tutors import (
    left_of,
    note,
    of_all_releases,
    of_release,
    tutors,
)
from tests.docker_engine import needs_docker
from tests.rehearsal_images import images

pytestmark = [
    needs_docker,
    pytest.mark.skipif(os.environ.get("CHAOS") != "every-step", reason="CHAOS=every-step"),
    pytest.mark.xdist_group("docker"),
    pytest.mark.timeout(1800),
]
DOMAIN = "chaos.example.com"
LONG = 900.0
AWAY = 2.0
"""Seconds until a killed engine is started again, as systemd does."""
STEPS = ("host", "render the settings", "lms: lms", "cms: cms", "discovery: lms",
         "discovery: discovery", "start the containers", "health check")  # fmt: skip
TASKS = STEPS[1:-1]
RESTARTED = ("lms: lms", "start the containers")
"""Steps of orderly restarts, which take a minute each: containers end as they want to."""
LASTING = tuple(servers.SERVERS)
AT_TASK = "select 1 from store_logentry where appserver_id > ? and task = ?"
AT_STEP = "select 1 from store_job where step = ? and state = 'running'"
Deed = Callable[["Fleet"], None]


class Migrations:
    """A watch over the processes that migrate on an engine: how many of a service run at once."""

    def __init__(self, engine: Engine) -> None:
        self._sockets = engine.address.removeprefix("unix://").rpartition("/")[0]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.seen = 0
        self.most: dict[str, int] = {}

    def __enter__(self) -> "Migrations":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.3):
            at_once: dict[str, int] = {}
            for process in psutil.process_iter():
                words = command_line(process).split()
                if "migrate" in words and "sh" not in words[0] and self._is_ours(process):
                    service = words[words.index("migrate") - 1]
                    at_once[service] = at_once.get(service, 0) + 1
            self.seen += bool(at_once)
            for service, count in at_once.items():
                self.most[service] = max(count, self.most.get(service, 0))

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return any(self._sockets in command_line(item) for item in process.parents())
        return False


class Fleet:
    """An instance that Tutor provisions and that is visited, and its engine."""

    def __init__(
        self, installation: Installation, engine: Engine, data: Path, settings: str
    ) -> None:
        self.installation = installation
        self.engine = engine
        self._data = data
        self._settings = settings

    def fields(self, tag: str) -> list[str]:
        """Return the instance's fields of a release, as words of a command."""
        extra = self.installation.directory / "extra.yml"
        extra.write_text(self._extra(tag))
        release = {"ulmo": "release/ulmo.4", "verawood": "release/verawood.1"}[tag]
        return [f"openedx_release={release}", f"configuration_extra_settings=@{extra}"]

    def update(self) -> Path:
        """Return the file of an upgrade's changes."""
        path = self.installation.directory / "update.json"
        changes = {"openedx_release": "release/verawood.1",
                   "configuration_extra_settings": self._extra("verawood")}  # fmt: skip
        path.write_text(json.dumps(changes))
        return path

    def _extra(self, tag: str) -> str:
        discovery = "TUTOR_PLUGINS: []\nSANDBOX_ENABLE_DISCOVERY: true"
        return f"{discovery}{self._settings}{of_release(tag)}"

    def newest(self) -> int:
        """Return the id of the newest app server."""
        return int(self.installation.ask("select max(id) from store_openedxappserver"))

    def state(self, appserver: int) -> str:
        """Return the app server's state."""
        query = "select state from store_openedxappserver where id = ?"
        return str(self.installation.ask(query, appserver))

    def answers(self) -> bool:
        """Return True if the site answers."""
        with suppress(httpx.HTTPError, OSError), Visitor(self.installation, DOMAIN) as visitor:
            return visitor.get("/heartbeat").status_code == httpx.codes.OK
        return False

    def kill_workers(self) -> None:
        for worker in self.installation.processes("ocim.project.main worker"):
            worker.kill()

    def kill_tutor(self) -> None:
        """Kill what Ocim runs of Tutor and of compose at the moment."""
        hosts = str(self.installation.var / "docker/hosts")

        def killed() -> bool:
            victims = [item for item in psutil.process_iter() if _is_tutor(item, hosts)]
            for item in victims:
                with suppress(psutil.NoSuchProcess):
                    item.kill()
            return bool(victims)

        until(killed, "nothing of Tutor runs")

    def kill_engine(self) -> None:
        """Kill the engine, and start it again a moment later."""
        kill(self.engine)
        time.sleep(AWAY)
        self.start_engine()

    def restart_engine(self) -> None:
        """Restart the engine in order, as an update of its package does."""
        self.engine._stop_processes()
        self.start_engine()

    def start_engine(self) -> None:
        """Start the engine, and the servers, which it may take for stopped by a person."""
        self.engine.start()
        servers.start(self.engine, LASTING, data=self._data)

    def command(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=REPOSITORY, env=self.installation.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def disturb(
        self, case: list[tuple[str, Deed]], before: int, process: "subprocess.Popen[str]"
    ) -> None:
        """Do each deed at its step, and wait for the command's end."""
        for step, deed in case:
            until(partial(self._has_arrived, step, before, process),
                  f"never at {step}: {self.installation.log()[-3000:]}", seconds=LONG)  # fmt: skip
            deed(self)
        output, _ = process.communicate(timeout=LONG)
        assert process.returncode == 0, output

    def _has_arrived(self, step: str, before: int, process: "subprocess.Popen[str]") -> Any:
        if process.poll() is not None:
            raise AssertionError(f"over before {step}: {process.communicate()[0]}")
        if step in TASKS:
            return self.installation.ask(AT_TASK, before, step)
        if step in DRY_RUN:
            ending = f"-job-{step.removeprefix('dry ')}"
            with suppress(EngineError):  # it is away
                names = self.engine.docker("ps", "--format", "{{.Names}}").split()
                return [name for name in names if "dry-run" in name and name.endswith(ending)]
            return None
        return self.installation.ask(AT_STEP, step)

    @contextmanager
    def watched(self, case: str, deaths: list[tuple[str, Deed]]) -> Iterator[None]:
        """Visit the site meanwhile, and look for migrations that run twice at once."""
        began = time.monotonic()
        with (
            Migrations(self.engine) as migrations,
            Traffic(self.installation, DOMAIN, visitors=2) as traffic,
        ):
            until(lambda: traffic.answers, "nothing answers")
            yield
            seen = traffic.answers.total()
            until(lambda: traffic.answers.total() > seen, "nothing answers any more")
        note(
            f"{case}: {time.monotonic() - began:.0f} s, {traffic.answers.total()} answers,"
            f" {len(traffic.failures)} failures, longest {traffic.longest:.1f} s,"
            f" {traffic.gap:.1f} s without an answer,"
            f" migrations at once {migrations.most} (seen {migrations.seen} times)"
        )
        assert all(count == 1 for count in migrations.most.values()), migrations.most
        assert migrations.seen
        if not {Fleet.kill_engine, Fleet.restart_engine} & {deed for _, deed in deaths}:
            assert traffic.failures == []

    def left(self) -> list[str]:
        """Return what there is of hosts that no app server has, and of tasks."""
        rows = self.installation.json("appserver", "list")
        known = tuple(f"appserver-{row['id']}-" for row in rows)
        places = (self.installation.var / "docker/hosts").glob("[a-z]*")
        names = {*left_of(self.engine), *(f"{path.name}-" for path in places)}
        return [name for name in names if "-job-" in name or not name.startswith(known)]


def _is_tutor(process: psutil.Process, hosts: str) -> bool:
    with suppress(psutil.Error):
        line = command_line(process)
        if hosts in line or hosts in process.environ().get("OCIM_HOST_ROOT", ""):
            words = line.split()
            return "render.py" in line or "run" in words or "up" in words
    return False


@contextmanager
def lasting_servers(engine: Engine, directory: Path) -> Iterator[dict[str, str]]:
    """Yield the address of each server; they outlive their engine, and so do their files."""
    try:
        yield servers.start(engine, LASTING, data=directory)
    finally:
        servers.remove(engine, LASTING)


@pytest.fixture(scope="module")
def fleet(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("chaos")
    tags = ("ulmo", "verawood")
    names = [f"{name}:{tag}" for name in ("openedx", "discovery") for tag in tags]
    images(engine, *names, *(f"{name}:latest" for name in ("caddy", "permissions", *LASTING)))
    with (
        live_restore(engine),
        lasting_servers(engine, directory) as addresses,
        tutors(engine, addresses, directory / "ocim") as installation,
    ):
        fleet = Fleet(installation, engine, directory, of_all_releases(addresses))
        installation.ocim("instance", "create", DOMAIN, *fleet.fields("ulmo"))
        installation.ocim("appserver", "spawn", DOMAIN, "--activate", timeout=LONG)
        yield fleet
        installation.ocim("instance", "archive", DOMAIN, "--yes", timeout=LONG)
        assert left_of(engine) == []


@contextmanager
def live_restore(engine: Engine) -> Iterator[None]:
    """Let containers outlive the engine, if LIVE_RESTORE is set."""
    if not os.environ.get("LIVE_RESTORE"):
        yield
        return
    command = Engine._command
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "_command", lambda self: [*command(self), "--live-restore"])
        kill(engine)
        engine.start()
        yield


def kill(engine: Engine) -> None:
    """Kill dockerd and its containerd."""
    pid = int(engine.pid_file.read_text())
    containerd = [
        item
        for item in psutil.Process(pid).children()
        if "containerd" in command_line(item).partition(" ")[0]
    ]
    os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
    for process in containerd:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(containerd, timeout=10)
    for path in (engine.pid_file, engine.pid_file.parent / "containerd/containerd.pid"):
        path.unlink(missing_ok=True)


def of_two(deed: Deed, *steps: str) -> dict[str, list[tuple[str, Deed]]]:
    """Return cases of two deaths each, as a job outlives no third one of its worker."""
    pairs = [steps[start : start + 2] for start in range(0, len(steps), 2)]
    return {f"{_said(deed)} at {' and '.join(pair)}": [(step, deed) for step in pair]
            for pair in pairs}  # fmt: skip


def _said(deed: Deed) -> str:
    return deed.__name__.removeprefix("kill_")


SPAWNS: dict[str, list[tuple[str, Deed]]] = {
    "nothing": [],
    **of_two(Fleet.kill_workers, *STEPS),
    "tutor at each task": [(step, Fleet.kill_tutor) for step in TASKS],
    "engine at each step": [(step, Fleet.kill_engine) for step in STEPS],
    "restart of the engine": [(step, Fleet.restart_engine) for step in RESTARTED],
}
DRY_RUN = ("dry 1", "dry 2", "dry 3")
UPGRADES: dict[str, list[tuple[str, Deed]]] = {
    "nothing": [],
    **of_two(Fleet.kill_workers, *DRY_RUN, *STEPS, "activation"),
    "tutor at each task": [(step, Fleet.kill_tutor) for step in (*DRY_RUN, *TASKS)],
    "engine at each step": [(step, Fleet.kill_engine) for step in (*DRY_RUN, *STEPS)],
    "restart of the engine": [(step, Fleet.restart_engine) for step in ("dry 1", *RESTARTED)],
}


@pytest.mark.parametrize("case", SPAWNS)
def test_a_spawn_outlives(fleet: Fleet, case: str) -> None:
    before = fleet.newest()
    with fleet.watched(f"spawn, {case}", SPAWNS[case]):
        process = fleet.command("appserver", "spawn", DOMAIN)
        fleet.disturb(SPAWNS[case], before, process)
    assert fleet.newest() == before + 1
    assert fleet.state(before + 1) == "running"
    assert fleet.left() == []
    fleet.installation.ocim("appserver", "terminate", str(before + 1), "--yes", timeout=LONG)


@pytest.mark.parametrize("case", UPGRADES)
def test_an_upgrade_outlives(fleet: Fleet, case: str) -> None:
    before = fleet.newest()
    with fleet.watched(f"upgrade, {case}", UPGRADES[case]):
        process = fleet.command(
            *("redeploy", f"--tag=chaos-{[*UPGRADES].index(case)}", "--force"),
            f"--filter={{internal_lms_domain: {DOMAIN}}}",
            f"--update=@{fleet.update()}",
        )
        fleet.disturb(UPGRADES[case], before, process)
    assert fleet.newest() == before + 1
    assert (
        fleet.installation.ask("select state from store_upgrade order by id desc") == "successful"
    )
    active = "select id from store_openedxappserver where is_active"
    assert fleet.installation.ask(active) == before + 1
    assert fleet.left() == []
    for row in fleet.installation.json("appserver", "list", DOMAIN):
        if not row["active"]:
            fleet.installation.ocim("appserver", "terminate", str(row["id"]), "--yes", timeout=LONG)


def test_the_sites_come_back_after_a_restart_of_the_machine(fleet: Fleet) -> None:
    fleet.installation.forget_commands()
    fleet.installation.kill()
    for process in fleet.installation.everything():
        with suppress(psutil.Error):
            process.kill()
    fleet.engine._stop_processes()
    began = time.monotonic()
    fleet.start_engine()
    engine_is_up = time.monotonic()
    fleet.installation.start()
    until(fleet.answers, fleet.installation.log()[-3000:], seconds=LONG)
    note(f"restart of the machine: engine {engine_is_up - began:.1f} s,"
         f" site {time.monotonic() - began:.1f} s")  # fmt: skip
    assert fleet.left() == []
