"""The Tutor of each major version, with its plugins, in an environment of its own.

Lock files name every package with its hashes. Tutor and its plugins are published as sources only,
which the sandbox builds.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ocim.adapters.provisioners.environments import Environment, Environments, Program, Recipe
from ocim.adapters.sandbox import Sandbox

_PIN = re.compile(r"^(tutor(?:-[a-z0-9-]+)?)==([^\s;\\]+)", re.MULTILINE)

TUTOR = Program(
    name="tutor",
    subject="Tutor",
    missing="The lock file of Tutor does not bring Tutor.",
    remedy_if_missing="Run `make lock`.",
    remedy="Check that the package index has the packages of requirements/tutor-*.txt (Python"
    " {python}).",
    module="tutor.commands.cli",
)


@dataclass(frozen=True)
class Locked:
    """Versions of Tutor and its plugins in a lock file."""

    version: str
    """Exact version of Tutor."""
    plugins: dict[str, str]
    """Exact versions of its plugins by name, such as `discovery`."""


class TutorEnvironments:
    """The environments of all majors, made when they are first asked for.

    `locks`: directory of the lock files. `cache`: a directory that may be emptied while nothing
    runs.
    """

    def __init__(self, locks: Path, cache: Path, sandbox: Sandbox) -> None:
        self._locks = locks
        self._environments = Environments(cache / "environments", sandbox, TUTOR)

    def locked(self, major: int) -> Locked:
        """Return the versions that the environment of that major has."""
        versions = dict(_PIN.findall(self._lock(major)))
        plugins = {
            name.removeprefix("tutor-"): version
            for name, version in versions.items()
            if name != "tutor"
        }
        return Locked(versions["tutor"], plugins)

    def environment(self, major: int) -> AbstractContextManager[Environment]:
        """Yield the environment of that major and keep it for the block; build it if missing."""
        tools = (self._locks / "tutor-build.txt").read_text()
        return self._environments.environment(Recipe(self._lock(major), build_tools=tools))

    def _lock(self, major: int) -> str:
        return (self._locks / f"tutor-{major}.txt").read_text()
