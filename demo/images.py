"""Stand-in images by the names of Tutor's own, so that neither sites nor upgrades name one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from demo.engine import Engine, EngineError
from demo.servers import PREFIX
from ocim.adapters.provisioners.tutor.environments import TutorEnvironments
from ocim.adapters.sandbox import Sandbox
from ocim.core.places import ROOT, bundled

RELEASES = {"ulmo": 21, "verawood": 22}
"""Releases that the demo has images of, and the Tutor of each."""
KINDS = ("caddy", "permissions", "mysql", "redis", "meilisearch")
"""Images that do not depend on the release, as Tutor's settings call them."""


def build(engine: Engine) -> Iterator[str]:
    """Build the images that are missing, and yield a line for each.

    Raise EngineError if one cannot be built.
    """
    names = [f"openedx:{release}" for release in RELEASES]
    names += [f"{name}:latest" for name in KINDS]
    told = []
    with subprocess.Popen(
        [sys.executable, ROOT / "rehearsal/docker/images.py", *names],
        env={**os.environ, **engine.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as building:
        for line in building.stderr or ():
            told.append(line)
            if line.startswith("Building "):
                yield line.strip()
    if building.returncode:
        raise EngineError(f"The images cannot be built:\n{''.join(told)}")


def name_as_tutor(engine: Engine, cache: Path) -> None:
    """Give the images the names that each release's Tutor has for them.

    `cache`: the manager's, where each Tutor has its environment.
    """
    tutors = TutorEnvironments(bundled("requirements"), cache, Sandbox())
    for release, major in RELEASES.items():
        with tutors.environment(major) as environment:
            [defaults] = environment.path.glob(
                "lib/*/site-packages/tutor/templates/config/defaults.yml"
            )
            names = yaml.safe_load(defaults.read_text())
        names["TUTOR_VERSION"] = tutors.locked(major).version
        for kind in ("openedx", *KINDS):
            name = names[f"DOCKER_IMAGE_{kind.upper()}"]
            for setting in ("DOCKER_REGISTRY", "TUTOR_VERSION"):
                name = name.replace(f"{{{{ {setting} }}}}", names[setting])
            tag = release if kind == "openedx" else "latest"
            engine.docker("tag", f"{PREFIX}/{kind}:{tag}", name)
