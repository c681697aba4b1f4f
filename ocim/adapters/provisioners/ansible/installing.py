"""Installs packages in a sandbox, and says in one sentence why that failed."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ocim.adapters.limits import LimitReached
from ocim.adapters.provisioners.messages import condensed
from ocim.adapters.sandbox import Sandbox, View
from ocim.catalog.secrets.masking import masker
from ocim.core.errors import PermanentError, TransientError
from ocim.core.secrets import revealed

SYSTEM = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_MAY_PASS = re.compile(
    r"error sending request|dns error|timed out|timeout|connection|status code \(?5\d\d"
    r"|Failed to fetch|network",
    re.IGNORECASE,
)


def install(
    sandbox: Sandbox,
    command: Sequence[str],
    view: View,
    environment: Mapping[str, object],
    *,
    cwd: Path,
    what: str,
    remedy: str = "See that the package index has them.",
) -> None:
    """Run an installing command; an error says that `what` cannot be installed, and why."""
    texts = {name: str(revealed(text)) for name, text in environment.items() if revealed(text)}
    try:
        done = sandbox.run(
            command,
            view,
            cwd=cwd,
            environment={**texts, **SYSTEM},
            timeout=sandbox.limits.build_seconds,
        )
    except LimitReached as error:
        problem = f"{what} cannot be installed. {error.problem}"
        raise LimitReached(problem, remedy=error.remedy) from error
    except TransientError as error:
        problem = f"{what} cannot be installed. {error.problem}"
        raise TransientError(problem, remedy="It is tried again later.") from error
    if done.status:
        said = masker(environment)(condensed(done.errors))
        problem = f"{what} cannot be installed: {said}"
        if _MAY_PASS.search(said):
            raise TransientError(problem, remedy="It is tried again later.")
        raise PermanentError(problem, remedy=remedy)
