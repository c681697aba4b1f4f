"""Tutor's own image of the platform, built on the manager's engine by BuildKit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocim.adapters.docker_projects import docker
from ocim.adapters.programs import capture
from ocim.adapters.provisioners.environments import Environment
from ocim.adapters.provisioners.tutor.follow import Follower, Stopped
from ocim.adapters.provisioners.tutor.jobs import image_ids
from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.catalog.tutor.operators import PREFIX
from ocim.core.errors import PermanentError
from ocim.core.provisioning import BuiltImage

BUILD = "build the image openedx"
PUSH = "push the image"
REGISTRY = f"{PREFIX}DOCKER_REGISTRY"
_SECONDS = 60.0
_DIGESTS = "{{range .RepoDigests}}{{println .}}{{end}}"


def require_builder(environment: Mapping[str, str]) -> None:
    """Raise PermanentError if the Docker CLI has no `buildx`."""
    if capture(["docker", "buildx", "version"], timeout=_SECONDS, env=environment).status:
        raise PermanentError(
            "The Docker CLI of this machine has no plugin `buildx`, and Tutor builds images with"
            " nothing else.",
            remedy="Install it: apt-get install docker-buildx-plugin (of Docker's repository). Or"
            " build the image where it is, and push it to a registry.",
        )


def build(
    rendered: Rendered, variables: Mapping[str, Any], *, tutor: Environment, follower: Follower
) -> BuiltImage:
    """Build the image of LMS and studio; push it if its name begins with TUTOR_DOCKER_REGISTRY.

    Raise PermanentError with the end of the output if that fails.
    """
    name = str(rendered.all_services()["lms"]["image"])
    program = str(tutor.path / "bin" / "tutor")
    _run([program, "images", "build", "openedx"], BUILD, follower)
    registry = str(variables.get(REGISTRY, "")).rstrip("/")
    is_pushed = bool(registry) and name.startswith(f"{registry}/")
    if is_pushed:
        _run(["docker", "push", name], PUSH, follower)
    environment = dict(follower.environment)
    digests = docker(["image", "inspect", f"--format={_DIGESTS}", name], environment=environment)
    return BuiltImage(
        name,
        image_ids([name], environment)[name],
        digests.split()[0] if is_pushed and digests.strip() else "",
    )


def environment_of(root: Path, tutor: Environment, engine: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of Tutor's own commands on what is rendered in `root`."""
    return {
        **engine,
        "PATH": f"{tutor.path}/bin:{engine['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",  # the environment must stay as it was built
        "TUTOR_ROOT": str(root),
        "TUTOR_PLUGINS_ROOT": str(root / "plugins"),
    }


def _run(argv: list[str], task: str, follower: Follower) -> None:
    follower.begin(task)
    try:
        ended = follower.run(argv, task=task)
    except Stopped as stopped:
        raise PermanentError(f"Cannot {task}: {stopped}") from None
    if ended.status:
        raise PermanentError(
            f"Cannot {task}: {ended.message}",
            remedy="The job's log has all of the output. A build needs the registries of its base"
            " images, GitHub, PyPI and npm.",
        )
