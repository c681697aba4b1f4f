"""The shells of the services on memory hosts: what is asked of them, and what they answer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocim.catalog.steps.shells import RESULT
from ocim.core.hosts import Ran

CRONTAB = (
    "43 * * * * manage.discovery refresh_course_metadata && { manage.discovery"
    " remove_unused_indexes; manage.discovery update_index; }\n"
)
NOTHING: dict[str, Any] = {"fields": {}, "users": {}, "names": {}, "of_group": [], "wanted": []}
"""An observation of a server where nothing was ever set up."""


@dataclass
class ServiceShells:
    """A service shell that takes every command and observes nothing, unless told by a test."""

    argvs: list[list[str]] = field(default_factory=list)
    """The management commands, in their order."""
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    looks: dict[str, Any] = field(default_factory=dict)
    """Observations and results, by the name of the function."""
    faults: dict[str, str] = field(default_factory=dict)
    """Failures, by the first word of a command."""
    crontab: str = CRONTAB
    free: str = "1000000000000"
    """Free bytes of every host's disk."""
    before: Callable[[str], None] = lambda _name: None
    """Called with the name of whatever is about to be done."""

    def __call__(self, _host: str, argv: Sequence[str], stdin: str) -> Ran:
        """Answer as `Cloud.answer` does."""
        if "crontab" in argv[-1]:
            self.crontab += stdin
            return Ran(0, self.crontab)
        if "df" in argv:
            return Ran(0, f"Avail\n{self.free}\n")
        program = json.loads(stdin)
        answers = []
        for part in program["parts"]:
            answers.append(self._answer(part["function"], part["arguments"]))
            if "error" in answers[-1] and program["stop"]:
                break
        return Ran(0, f"noise\n{RESULT}{json.dumps(answers)}\n")

    def _answer(self, called: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if called == "run":
            argv = arguments["argv"]
            self.before(argv[0])
            if argv[0] in self.faults:
                return {"error": f"CommandError: {self.faults[argv[0]]}"}
            self.argvs.append(argv)
            return {"result": ""}
        if called.startswith("set_"):
            self.before(called)
            self.scripts.append((called, arguments))
            return {"result": self.looks.get(called)}
        return {"result": self.looks.get(called, NOTHING)}
