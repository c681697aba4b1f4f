import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ocim import wiring
from ocim.adapters.docker_projects import LocalEngine
from ocim.adapters.memory.probers import Reply
from ocim.adapters.providers.docker.provider import DockerProvider
from ocim.adapters.sandbox import INSTALL
from ocim.console import machine
from ocim.core.balancers import Access
from ocim.core.hosts import HostRequest, Isolation, Leftover
from ocim.core.instance import Database
from ocim.core.jobs import RetainJob
from ocim.core.states import JobState
from ocim.operations import jobs
from ocim.operations.findings import Check, Finding, examine
from ocim.store.models import (
    Job,
    Lease,
    LoadBalancingServer,
    OpenEdXAppServer,
    OpenEdXInstance,
    Server,
    Worker,
)
from tests.console.conftest import CAMPUS, Installation
from tests.console.processes import manage
from tests.web_servers import answer, web_server

LOW, PERIODIC = "opencraft_low_priority", "opencraft_periodic"
MACHINE = ("disk", "tools")
"""Areas that depend on the machine that the tests run on."""


def found(ocim: Installation, *options: str) -> list[dict[str, Any]]:
    """Return the findings that do not depend on this machine."""
    output = ocim("doctor", "--json", *options).json
    return [item for item in output if item["severity"] != "ok" and item["area"] not in MACHINE]


def areas(ocim: Installation, *options: str) -> list[str]:
    return [item["area"] for item in found(ocim, *options)]


class Listener(ExitStack):
    """A server that listens on a port until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.port = self.enter_context(web_server(answer))


@pytest.fixture
def listeners() -> Iterator[list[Listener]]:
    """Yield servers for https, http and the pages."""
    with ExitStack() as stack:
        yield [stack.enter_context(Listener()) for _ in range(3)]


@pytest.fixture
def well(ocim: Installation, listeners: list[Listener], settings: Any) -> Installation:
    """Return an installation without a fault, with an instance on the web."""
    https, http, web = (listener.port for listener in listeners)
    settings.OCIM = replace(
        settings.OCIM, https_port=https, http_port=http, web_address=f"127.0.0.1:{web}"
    )
    ocim.worker(LOW)
    ocim.worker(PERIODIC)
    ocim.served(ocim.campus())
    return ocim


def test_where_all_is_well_it_says_so_of_every_area(well: Installation) -> None:
    ran = well("doctor")

    assert found(well) == []
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert "ok       balancer: Its routes match the database." in lines
    assert "ok       jobs: No job is forgotten." in lines


@pytest.mark.parametrize("queue", ["opencraft", LOW, PERIODIC])
def test_a_queue_without_worker_is_named_with_how_to_start_one(
    well: Installation, queue: str
) -> None:
    Worker.objects.filter(queue=queue).delete()

    [item] = found(well)

    assert (item["area"], item["where"]) == ("workers", queue)
    assert f"HUEY_QUEUE_NAME={queue} ocim worker" in item["remedy"]
    assert well("doctor").status == 1


def test_a_worker_that_fell_silent_does_not_count(well: Installation) -> None:
    Worker.objects.filter(queue=LOW).update(seen_at=wiring.context().now() - timedelta(minutes=5))

    assert areas(well) == ["workers"]


def test_a_certificate_that_soon_expires_is_named_with_when(well: Installation) -> None:
    now = wiring.context().now()
    url = "https://balancer.example.com:8444"
    expiries = (
        ("the manager's certificate", now + timedelta(days=29)),
        ("the balancer's certificate", now + timedelta(days=31)),
    )
    well.balancer.way = Access(url, expiries)

    [item] = found(well)

    assert (item["area"], item["severity"], item["where"]) == ("balancer", "warning", url)
    assert item["what"].startswith("The manager's certificate expires at ")


def test_a_balancer_that_obeys_strangers_is_an_error(well: Installation) -> None:
    well.balancer.way = Access("https://balancer.example.com:8444", admits_strangers=True)

    [item] = found(well)

    assert (item["area"], item["severity"]) == ("balancer", "error")
    assert "without a certificate" in item["what"]


def test_a_balancer_elsewhere_is_looked_for_at_its_address(
    well: Installation, settings: Any
) -> None:
    settings.OCIM = replace(
        settings.OCIM, balancer_url="https://b.example.com", balancer_bind=("127.0.0.66",)
    )
    assert "ports" not in areas(well)

    settings.OCIM = replace(settings.OCIM, balancer_address="127.0.0.66")
    assert areas(well).count("ports") == 2


def test_a_host_that_nothing_needs_is_taken_away_when_asked_to(well: Installation) -> None:
    well.provider.create(HostRequest("stray"))

    [item] = found(well)
    assert (item["area"], item["severity"], item["where"]) == (
        "hosts",
        "warning",
        "local host stray",
    )
    assert "stray" in well.provider.list()

    assert found(well, "--fix")[0]["mended"]
    assert "stray" not in well.provider.list()
    assert found(well) == []


def test_hosts_without_a_border_are_named_with_what_to_install(well: Installation) -> None:
    well.provider.kept = Isolation("none", "bubblewrap is not installed.", INSTALL)

    [item] = found(well)

    assert (item["area"], item["severity"], item["where"]) == ("borders", "warning", "local hosts")
    assert item["what"].endswith("other instances too. bubblewrap is not installed.")
    assert "apt-get install bubblewrap" in item["remedy"]


def test_an_engine_that_does_not_answer_is_told_and_other_hosts_are_looked_at(
    well: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("docker"):
        pytest.skip("not installed: docker")
    docker = DockerProvider(tmp_path, engine=LocalEngine(f"unix://{tmp_path}/none"))
    monkeypatch.setitem(wiring.adapters().providers, "docker", docker)
    well.provider.create(HostRequest("stray"))

    by_place = {item["where"]: item for item in found(well)}
    assert by_place.keys() == {"docker hosts", "local host stray"}
    assert "does not answer" in by_place["docker hosts"]["what"]
    assert "OCIM_DOCKER_ENGINE" in by_place["docker hosts"]["remedy"]


def test_the_border_of_each_kind_of_hosts_in_use_is_named(well: Installation) -> None:
    well.provider.kept = Isolation("bubblewrap", "It sees its own files only.")
    output = [item for item in well("doctor", "--json").json if item["area"] == "borders"]
    assert [(item["where"], item["what"]) for item in output] == [
        ("local hosts", "It sees its own files only.")
    ]


def test_what_is_left_of_hosts_that_are_gone_is_taken_away_when_asked_to(
    well: Installation,
) -> None:
    left = [Leftover("an address", "stray"), Leftover("a bridge")]
    well.provider.cloud.leftovers += left

    assert [(item["area"], item["severity"], item["where"]) for item in found(well)] == [
        ("hosts", "warning", "local host stray, which is gone"),
        ("hosts", "warning", "local hosts"),
    ]
    assert list(well.provider.leftovers()) == left

    assert [item["mended"] for item in found(well, "--fix")] == [True, True]
    assert found(well) == []


def test_what_the_lost_host_of_an_app_server_has_is_left_to_it(well: Installation) -> None:
    name = Server.objects.get().name
    well.provider.cloud.leftovers.append(Leftover("a machine of the pool", name))

    assert found(well, "--fix") == []
    assert list(well.provider.leftovers()) != []


def test_the_host_of_an_app_server_is_never_taken_away(well: Installation) -> None:
    hosts = well.provider.list()

    well("doctor", "--fix")

    assert well.provider.list() == hosts


def test_an_app_server_whose_host_is_gone_is_named(well: Installation) -> None:
    [name] = well.provider.list()
    well.provider.cloud.lose(name)

    [item] = found(well)

    assert (item["area"], item["severity"], item["what"]) == ("hosts", "error", "Its host is gone.")
    assert "spawn" in item["remedy"]


def test_an_app_server_whose_host_is_down_is_named(well: Installation) -> None:
    [name] = well.provider.list()
    well.provider.stop(name)

    [item] = found(well)

    assert item["what"] == "Its host does not answer."


def test_a_host_that_a_person_stopped_is_named_as_such(well: Installation) -> None:
    well("host", "stop")

    [item] = found(well)

    assert item["what"] == "Its host was stopped by a person."
    assert item["remedy"] == "ocim host start --provider local"


def test_an_app_server_that_serves_and_is_not_well_is_named_with_what_was_done(
    well: Installation,
) -> None:
    appserver = OpenEdXAppServer.objects.get()
    since = datetime(2026, 5, 4, 12, tzinfo=UTC)
    OpenEdXAppServer.objects.update(unhealthy_since=since, unhealthy_reason="lms: refused")
    appserver.events.create(
        created_at=since, kind="does not answer", reason="There is no fallback."
    )

    [item] = found(well)

    assert item["what"] == (
        "Since 2026-05-04 12:00 UTC: lms: refused. It does not answer: There is no fallback."
    )
    shown = well("instance", "show", CAMPUS, "--json").json
    assert shown["not well"] == [f"{appserver} since 2026-05-04 12:00 UTC: lms: refused"]
    shown = well("appserver", "show", str(appserver.pk), "--json").json
    assert (shown["not well"], shown["not well since"]) == (
        "lms: refused",
        "2026-05-04T12:00:00+00:00",
    )


def test_a_balancer_that_does_not_run_is_an_error(well: Installation) -> None:
    well.balancer.running = False

    assert areas(well) == ["ports", "ports", "balancer"]


@pytest.mark.parametrize("number, severity", [(0, "error"), (1, "error"), (2, "warning")])
def test_a_port_at_which_nobody_listens_is_named(
    well: Installation, listeners: list[Listener], number: int, severity: str
) -> None:
    port = listeners[number].port
    listeners[number].close()

    [item] = found(well)

    assert (item["area"], item["severity"], item["where"]) == (
        "ports",
        severity,
        f"127.0.0.1:{port}",
    )


def test_a_port_that_is_held_for_one_that_does_not_answer_is_named(
    well: Installation, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as held:
        settings.OCIM = replace(settings.OCIM, https_port=held.getsockname()[1])

        [item] = found(well)

    assert (item["severity"], item["what"]) == ("error", "The balancer does not answer.")


def test_a_balancer_that_lags_behind_is_brought_up_to_date(well: Installation) -> None:
    LoadBalancingServer.objects.update(wanted=99)

    [item] = found(well)
    assert item["remedy"] == "Run `ocim balancer sync`."

    ran = well("doctor", "--fix")
    assert "repaired: balancer: caddy" in ran.out.splitlines()
    assert found(well) == []


def test_what_the_balancer_refused_is_told(well: Installation) -> None:
    LoadBalancingServer.objects.update(error="two sites have the same name")

    [item] = found(well)

    assert "two sites have the same name" in item["what"]


def test_a_job_whose_worker_is_gone_is_taken_up_again(well: Installation) -> None:
    campus = OpenEdXInstance.objects.get()
    job = jobs.submit(target=campus, payload=RetainJob(), queue="opencraft")
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)
    past = wiring.context().now() - timedelta(minutes=1)
    Lease.objects.update(holder="dead/1", expires_at=past)

    assert areas(well) == ["jobs"]

    well("doctor", "--fix")
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert found(well) == []


def test_a_job_that_a_worker_holds_is_left_alone(well: Installation) -> None:
    campus = OpenEdXInstance.objects.get()
    job = jobs.submit(target=campus, payload=RetainJob(), queue="opencraft")
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)
    soon = wiring.context().now() + timedelta(seconds=10)
    Lease.objects.update(holder="alive/1", expires_at=soon)

    assert found(well) == []


def test_a_job_is_named_whose_worker_lives_and_asks_no_more_whether_it_shall_end(
    well: Installation,
) -> None:
    campus = OpenEdXInstance.objects.get()
    job = jobs.submit(target=campus, payload=RetainJob(), queue="opencraft")
    now = wiring.context().now()
    Lease.objects.update(holder="alive/1", expires_at=now + timedelta(seconds=10))
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, step="SQL", step_at=now - timedelta(hours=3),
        seen_at=now - timedelta(minutes=6),
    )  # fmt: skip

    [item] = found(well)
    assert item["what"].startswith("It is at SQL since ")
    assert "Restart its worker (alive)" in item["remedy"]


def test_a_job_that_waits_for_long_is_named(well: Installation) -> None:
    campus = OpenEdXInstance.objects.get()
    job = jobs.submit(target=campus, payload=RetainJob(), queue="opencraft")
    assert found(well) == []

    Job.objects.filter(pk=job.pk).update(created=wiring.context().now() - timedelta(minutes=5))

    assert areas(well) == ["jobs"]


def test_an_app_server_that_no_job_will_finish_is_named(well: Installation) -> None:
    OpenEdXAppServer.objects.create(
        instance=OpenEdXInstance.objects.get(), state="provisioning", effective_variables="{}"
    )

    [item] = found(well)

    assert item["area"] == "app servers"


def test_an_instance_that_does_not_answer_is_named(well: Installation) -> None:
    well.prober.reply = lambda probe: Reply(502, "Bad Gateway")

    named = found(well)

    assert [item["area"] for item in named] == ["instances", "instances"]  # lms and studio
    assert all("502" in item["what"] and CAMPUS in item["where"] for item in named)


def test_a_database_that_is_gone_is_named(well: Installation) -> None:
    for _, _, name in list(well.databases.sizes):
        well.databases.drop(Database("sqlite", name))

    assert areas(well) == ["instance databases"]


def test_another_master_key_is_found_out(well: Installation, settings: Any) -> None:
    settings.OCIM = replace(settings.OCIM, master_key=Fernet.generate_key().decode())

    errors = [item for item in found(well) if item["severity"] == "error"]

    [item] = errors
    assert item["area"] == "secrets"
    assert "OCIM_MASTER_KEY" in item["remedy"]


def test_files_that_others_can_read_are_closed_to_them(well: Installation) -> None:
    well.var.chmod(0o755)
    key = well.var / "master.key"
    key.touch(mode=0o644)

    assert [item["where"] for item in found(well)] == [str(well.var), str(key)]

    well("doctor", "--fix")
    assert (well.var.stat().st_mode & 0o777, key.stat().st_mode & 0o777) == (0o700, 0o600)
    assert found(well) == []


def test_wrong_settings_are_among_the_findings(well: Installation, settings: Any) -> None:
    settings.OCIM = replace(settings.OCIM, workers=0)

    [item] = [item for item in found(well) if item["area"] == "settings"]

    assert (item["severity"], item["where"]) == ("error", "ocim.E008")


def test_an_archived_instance_is_not_asked(well: Installation) -> None:
    well("instance", "archive", CAMPUS, "--yes")
    well.prober.reply = lambda probe: Reply(502)

    assert found(well) == []
    assert not Server.objects.exclude(state="gone").exists()


def test_what_an_area_needs_is_looked_at_first() -> None:
    def fails(_context: object) -> Any:
        yield Finding("error", "broken")

    def crashes(_context: object) -> Any:
        raise RuntimeError("a bug")

    checks = [
        Check("a", "", fails),
        Check("b", "", crashes, needs="a"),
        Check("c", "", crashes, needs="b"),
        Check("d", "", crashes),
        Check("e", "fine", lambda _context: iter(())),
    ]

    output = {check.area: [item.what for item in on] for check, on in examine(checks, None)}  # type: ignore[arg-type]

    assert output["b"] == output["c"] == ["Not checked."]
    assert output["d"] == ["The check failed: RuntimeError('a bug')."]
    assert output["e"] == ["fine"]


def test_it_says_what_a_new_installation_needs(tmp_path: Any) -> None:
    ran = manage(tmp_path / "new", "doctor")

    assert ran.returncode == 1
    assert ran.stderr == ""
    assert "`ocim up` creates it." in ran.stdout
    assert not (tmp_path / "new").exists()


def test_every_file_of_the_state_is_looked_at(well: Installation) -> None:
    for name in ("queue.sqlite3", "ocim.sqlite3-wal", "log/ocim.log"):
        path = well.var / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.chmod(0o644)
    exposed = [item["where"] for item in found(well) if item["severity"] == "error"]
    assert {item.rpartition("/")[2] for item in exposed} >= {
        "queue.sqlite3",
        "ocim.sqlite3-wal",
        "ocim.log",
    }
    well("doctor", "--fix")
    assert oct((well.var / "log/ocim.log").stat().st_mode)[-3:] == "600"
