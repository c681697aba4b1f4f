"""Images that stand in for those of Tutor, on the engine of tests."""

import json
import os
import subprocess
import sys

from demo.engine import Engine
from ocim.core.places import ROOT
from tests.docker_engine import docker_engine, why_not

PROGRAM = ROOT / "rehearsal/docker/images.py"


def images(engine: Engine, *names: str) -> dict[str, str]:
    """Return the digests of these images by their whole names; build those that are missing."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *names],
        env={**os.environ, **engine.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    digests: dict[str, str] = json.loads(done.stdout)
    return digests


if __name__ == "__main__" and not why_not():
    with docker_engine() as _engine:
        images(_engine, "permissions:latest")  # and the base of all others, which takes a minute
