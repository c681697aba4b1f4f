"""App servers by Tutor of which only the tasks are real: their images stand in for all others."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.engine import Engine
from ocim.adapters.docker_projects import EngineAddress, LocalEngine
from ocim.adapters.providers.docker.provider import DockerProvider
from ocim.adapters.provisioners.tutor.provisioner import TutorProvisioner
from ocim.adapters.sandbox import Sandbox
from ocim.core.hosts import HostRequest
from ocim.core.provisioning import ConfigurationSource, ProvisionJob
from tests.catalog.tutor.examples import tutors
from tests.docker_hosts import docker_hosts
from tests.rehearsal_images import images
from tests.tutor_environments import CACHE, LOCKS

MAJOR, RELEASE = 22, "release/verawood.1"
IMAGE = "ocim-tests/tasks"
# `manage.py` prints what Django would; the tag says what becomes of the studio's task.
DOCKERFILE = r"""
FROM ocim-rehearsal/base
ARG BEHAVIOUR
WORKDIR /openedx/edx-platform
RUN printf '#!/bin/sh\ncase "$*" in\n\
*--plan*) echo hello;;\n\
*"migrate --noinput"*) echo done;;\n\
"cms migrate") %s;;\n\
esac\n' "$BEHAVIOUR" >manage.py && chmod +x manage.py && touch bindmount-canary \
 && printf '#!/bin/sh\n' >/usr/local/bin/dockerize \
 && printf '#!/bin/sh\nexec sleep infinity\n' >/usr/local/bin/celery \
 && chmod +x /usr/local/bin/dockerize /usr/local/bin/celery \
 && cp /usr/local/bin/dockerize /usr/local/bin/setowner \
 && cp /usr/local/bin/dockerize /usr/local/bin/python
CMD ["sleep", "infinity"]
"""
BEHAVIOURS = {
    "good": "true",
    "failing": "cat /openedx/config/*; echo no space left >&2; exit 3",
    "endless": "sleep 1000",
    # Says when it begins and ends, and waits in between.
    "slow": "cd /openedx/media; echo begin >>tasks;"
    " until [ -e go ]; do sleep 0.1; done; echo end >>tasks",
}


def build_images(engine: Engine) -> None:
    """Build the images; those that exist are found again."""
    images(engine, "permissions:latest")  # whose base is that of all
    environment = {**os.environ, **engine.environment, "DOCKER_BUILDKIT": "0"}
    for tag, behaviour in BEHAVIOURS.items():
        build = ["docker", "build", "--quiet", "--network=none", f"--tag={IMAGE}:{tag}"]
        build += [f"--build-arg=BEHAVIOUR={behaviour}", "-"]
        subprocess.run(
            build, input=DOCKERFILE, text=True, env=environment, check=True, capture_output=True
        )


@dataclass
class Bench:
    """A host of kind docker, and the provisioner."""

    engine: Engine
    directory: Path
    provider: DockerProvider
    provisioner: TutorProvisioner

    def job(self, name: str = "as-1") -> ProvisionJob:
        """Return a job that succeeds on a host, which is made if it is missing."""
        self.provider.create(HostRequest(name))
        host = self.provider.wait_until_reachable(name, timeout=30)
        version = self.provisioner.version(MAJOR)
        return ProvisionJob(
            host=host,
            source=ConfigurationSource("tutor", version, ""),
            variables=self.variables("good"),
        )

    def variables(self, tag: str, **extra: Any) -> dict[str, Any]:
        """Return variables of an instance whose images are all of that tag."""
        image = f"{IMAGE}:{tag}"
        names = ("OPENEDX", "CADDY", "PERMISSIONS")
        of_images = {f"TUTOR_DOCKER_IMAGE_{name}": image for name in names}
        variables = tutors(
            {"TUTOR_PLUGINS": [], **of_images, **extra},
            openedx_release=RELEASE,
            edx_platform_commit=RELEASE,
        )
        return {**variables, "edxapp_media_dir": str(self.directory / "media")}

    def containers(self, *, one_off: bool) -> list[str]:
        """Return the names of the containers of all app servers, of tasks or of services."""
        chosen = f"label=com.docker.compose.oneoff={one_off}"
        return self.engine.docker("ps", "--filter", chosen, "--format", "{{.Names}}").split()


@contextmanager
def bench(directory: Path, engine: Engine, *, at: EngineAddress | None = None) -> Iterator[Bench]:
    """Yield a bench; its hosts are gone afterwards. `at`: as for `docker_provider`."""
    build_images(engine)
    provisioner = TutorProvisioner(
        locks=LOCKS,
        cache=CACHE,
        engine=at or LocalEngine(engine.address),
        plugins=("indigo", "mfe"),
        sandbox=Sandbox(hidden=[directory / "var"]),
    )
    with (
        pytest.MonkeyPatch.context() as patch,
        docker_hosts(directory / "docker", engine, at=at) as provider,
    ):
        patch.setenv("DOCKER_CONFIG", engine.environment["DOCKER_CONFIG"])
        yield Bench(engine, directory, provider, provisioner)
