"""Runs of Tutor leave no secret behind, and go on after an interruption."""

import fcntl
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demo.engine import Engine
from ocim.adapters.provisioners.tutor.jobs import END, INCOMPLETE, RUN
from ocim.catalog.secrets.masking import SHORTEST
from ocim.core.errors import Conflict, TransientError, ValidationError
from ocim.core.provisioning import Part, ProvisionEvent, ProvisionJob
from ocim.core.secrets import revealed, secret_texts
from tests.adapters.ansible_support import never
from tests.adapters.caddy_support import until
from tests.docker_engine import needs_docker
from tests.tutor_bench import IMAGE, Bench, bench

pytestmark = [needs_docker, pytest.mark.xdist_group("docker")]


@pytest.fixture(scope="module")
def tutors(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("tutor"), engine) as made:
        yield made


@pytest.fixture
def job(tutors: Bench) -> Iterator[ProvisionJob]:
    job = tutors.job()
    yield job
    tutors.provider.destroy(job.host.name)


def ignore(event: ProvisionEvent) -> None:
    """Ignore the event."""


def test_an_image_that_the_engine_does_not_have_is_told_before_there_is_a_host(
    tutors: Bench, job: ProvisionJob
) -> None:
    missing = tutors.variables("good", TUTOR_DOCKER_IMAGE_CADDY="no-such-image:1")
    with pytest.raises(ValidationError, match="has no image no-such-image:1"):
        tutors.provisioner.check(replace(job, variables=missing))


def test_no_part_of_an_image_is_run(tutors: Bench, job: ProvisionJob) -> None:
    with pytest.raises(Conflict, match="There are no images for"):
        tutors.provisioner.provision(
            replace(job, part=Part.INSTANCE), on_event=ignore, is_cancelled=never
        )


def test_a_run_while_another_one_goes_on_is_put_off(tutors: Bench, job: ProvisionJob) -> None:
    with Path(job.host.root, "ocim.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TransientError, match="Another run still goes on"):
            tutors.provisioner.provision(job, on_event=ignore, is_cancelled=never)


def test_a_script_of_which_only_a_part_arrives_is_not_run(tutors: Bench) -> None:
    def run(script: str) -> "subprocess.CompletedProcess[str]":
        command = ["docker", "run", "--rm", "-i", f"{IMAGE}:good", "sh", "-c", RUN]
        environment = {**os.environ, **tutors.engine.environment}
        return subprocess.run(
            command, input=script, env=environment, text=True, capture_output=True, check=False
        )

    cut, whole = run("echo ran\n"), run(f"echo ran\n{END}\n")
    assert (cut.stdout, cut.returncode) == ("", INCOMPLETE)
    assert (whole.stdout, whole.returncode) == ("ran\n", 0)


def test_secrets_that_a_task_prints_are_masked(tutors: Bench, job: ProvisionJob) -> None:
    told: list[str] = []
    failing = replace(job, variables=tutors.variables("failing"))
    outcome = tutors.provisioner.provision(
        failing, on_event=lambda event: told.append(event.text), is_cancelled=never
    )
    assert any("MYSQL" in line or "PASSWORD" in line for line in told)
    printed = "\n".join([*told, outcome.message])
    secrets = [text for text in secret_texts(failing.variables) if len(text) >= SHORTEST]
    assert not [text for text in secrets if text in printed]


def test_a_task_that_says_nothing_for_too_long_is_ended(tutors: Bench, job: ProvisionJob) -> None:
    endless = replace(job, variables=tutors.variables("endless"), task_timeout=6)
    outcome = tutors.provisioner.provision(endless, on_event=ignore, is_cancelled=never)
    assert (outcome.ok, outcome.message) == (False, "It said nothing for 6 seconds and was ended.")
    assert tutors.containers(one_off=True) == []


CHILD = """
import pickle, sys
provisioner, job = pickle.load(sys.stdin.buffer)
provisioner.provision(job, on_event=lambda event: None, is_cancelled=lambda: False)
"""


def test_a_task_that_outlives_its_run_is_waited_for_and_run_once_at_a_time(
    tutors: Bench, job: ProvisionJob
) -> None:
    slow = replace(job, variables=tutors.variables("slow"))
    media = Path(str(slow.variables["edxapp_media_dir"]))
    begun, go = media / "tasks", media / "go"
    process = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(pickle.dumps((tutors.provisioner, slow)))
    process.stdin.close()
    until(begun.exists, "The task did not begin.")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(tutors.containers(one_off=True)) == 1
    told: list[str] = []

    def on_event(event: ProvisionEvent) -> None:
        told.append(event.text)
        if "which an interrupted run has left" in event.text:
            _has_no_secrets(tutors, slow)
            go.touch()

    outcome = tutors.provisioner.provision(slow, on_event=on_event, is_cancelled=never)
    assert outcome.ok, outcome
    assert begun.read_text() == "begin\nend\nbegin\nend\n"
    assert "ok: lms: lms" in told
    assert tutors.containers(one_off=True) == []


def _has_no_secrets(tutors: Bench, job: ProvisionJob) -> None:
    """Assert that no container's description and no process's arguments hold a secret."""
    (name,) = tutors.containers(one_off=True)
    described = tutors.engine.docker("inspect", name)
    listed = subprocess.check_output(["ps", "-eo", "args"], text=True)
    assert not [text for text in secret_texts(job.variables) if text in described + listed]
    settings = Path(job.host.root, "config.yml")
    assert settings.stat().st_mode & 0o777 == 0o600
    assert Path(job.host.root).stat().st_mode & 0o777 == 0o700
    assert str(revealed(job.variables["EDXAPP_MYSQL_PASSWORD"])) in settings.read_text()
