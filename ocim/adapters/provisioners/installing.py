"""The installation of packages in a sandbox."""

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
LATER = "Ocim will try again later."
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
    subject: str,
    remedy: str = "Check that the package index has them.",
) -> None:
    """Run an installing command; an error says that the `subject` cannot be installed, and why.

    Raise TransientError for failures of the network, LimitReached for limits, else PermanentError.
    """
    texts = {name: str(revealed(text)) for name, text in environment.items() if revealed(text)}
    try:
        result = sandbox.run(
            command,
            view,
            cwd=cwd,
            environment={**texts, **SYSTEM},
            timeout=sandbox.limits.build_seconds,
        )
    except LimitReached as error:
        problem = f"{subject} cannot be installed. {error.problem}"
        raise LimitReached(problem, remedy=error.remedy) from error
    except TransientError as error:
        problem = f"{subject} cannot be installed. {error.problem}"
        raise TransientError(problem, remedy=LATER) from error
    if result.status:
        reason = masker(environment)(condensed(result.errors))
        problem = f"{subject} cannot be installed: {reason}"
        if _MAY_PASS.search(reason):
            raise TransientError(problem, remedy=LATER)
        raise PermanentError(problem, remedy=remedy)
