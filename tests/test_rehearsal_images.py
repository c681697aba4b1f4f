"""The stand-ins of Tutor's images, which `make rehearsal-images` builds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demo.engine import Engine
from tests.docker_engine import needs_docker
from tests.rehearsal_images import PROGRAM

NAME = "ocim-rehearsal/permissions"


def build(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@needs_docker
@pytest.mark.xdist_group("docker")
class TestBuild:
    def test_prints_the_digest_of_the_image_that_the_engine_has(self, engine: Engine) -> None:
        built = build("permissions:latest", **engine.environment)
        assert built.returncode == 0, built.stderr
        (digest,) = engine.docker("image", "ls", "-q", "--no-trunc", NAME).split()
        assert json.loads(built.stdout) == {f"{NAME}:latest": digest}

    def test_builds_nothing_where_nothing_has_changed(self, engine: Engine) -> None:
        first = build("permissions:latest", **engine.environment)
        again = build("permissions:latest", **engine.environment)
        assert again.stdout == first.stdout
        assert again.stderr == ""

    def test_all_checkouts_have_one_lock_for_an_engine(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        environment = {**engine.environment, "TMPDIR": str(tmp_path)}
        assert build("permissions:latest", **environment).returncode == 0
        (lock,) = tmp_path.glob("*.lock")
        other = tmp_path / "other/docker"
        shutil.copytree(PROGRAM.parent, other)
        command = [sys.executable, str(other / PROGRAM.name), "permissions:latest"]
        subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
        assert list(tmp_path.glob("*.lock")) == [lock]

    def test_the_image_gives_directories_to_a_user(self, engine: Engine) -> None:
        build("permissions:latest", **engine.environment)
        script = "mkdir -p /tmp/a/b && setowner 1000 /tmp/a && stat -c %u /tmp/a /tmp/a/b"
        shell = ("run", "--rm", "--network=none", "--entrypoint=sh", NAME, "-c", script)
        assert engine.docker(*shell).split() == ["1000", "1000"]


def test_names_the_images_there_are_for_one_that_there_is_not() -> None:
    refused = build("openedx:maple")
    assert refused.returncode == 1
    assert "No image openedx:maple. Choose from: caddy:latest, " in refused.stderr


@needs_docker
def test_says_which_engine_does_not_answer(tmp_path: Path) -> None:
    refused = build("permissions:latest", DOCKER_HOST=f"unix://{tmp_path}/none")
    assert refused.returncode == 1
    assert f"unix://{tmp_path}/none" in refused.stderr
    assert "Traceback" not in refused.stderr
