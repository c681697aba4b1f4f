"""The Docker engine of tests: shared, and gone afterwards."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docker_engine import docker_engine, needs_docker

pytestmark = [needs_docker, pytest.mark.xdist_group("docker")]


def test_the_last_of_its_users_stops_it(tmp_path: Path) -> None:
    with ExitStack() as last:
        with docker_engine(tmp_path):
            engine = last.enter_context(docker_engine(tmp_path))
            engine.docker("network", "create", "left")
        assert engine.docker("compose", "version")

    assert not engine.answers()
    assert not Path("/sys/class/net", engine.bridge).exists()


def test_what_a_killed_user_left_is_gone_for_the_next(tmp_path: Path) -> None:
    if (child := os.fork()) == 0:
        with docker_engine(tmp_path) as engine:
            engine.docker("network", "create", "left")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)

    with docker_engine(tmp_path) as engine:
        assert "left" not in engine.docker("network", "ls")
