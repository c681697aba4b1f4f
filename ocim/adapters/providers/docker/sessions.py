"""Commands that may have begun something in a container, which their own death does not end."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ocim.adapters.providers import processes
from ocim.adapters.sessions import CommandSession
from ocim.core import stopping
from ocim.core.errors import OcimError

MARK = "OCIM_SESSION"
"""Variable that `docker exec --env` passes on to what it starts in a container."""


def new_mark() -> str:
    """Return a value of the variable for one command."""
    return uuid.uuid4().hex


@contextmanager
def ended_with(mark: str, kill: Callable[[str], None]) -> Iterator[None]:
    """End what bears the mark, in containers too, if the block raises an error.

    `kill`: kills what bears a variable in containers of another machine. Processes of an engine of
    this machine with another user than this process's are not seen.
    """
    try:
        yield
    except BaseException:  # a stop or Ctrl-C leaves nothing in a container either
        _end(mark, kill)
        raise


class ContainerSession(CommandSession):
    """A session that ends what it has started in a container, too.

    `kill`: as in `ended_with`.
    """

    def __init__(
        self, argv: Sequence[str], *, host: str, mark: str, kill: Callable[[str], None]
    ) -> None:
        self._mark = mark
        self._kill = kill
        super().__init__(argv, host=host)

    def close(self) -> None:
        super().close()
        _end(self._mark, self._kill)


def _end(mark: str, kill: Callable[[str], None]) -> None:
    processes.kill(Path(mark), MARK)
    # Nothing more can be done at an engine that does not answer.
    with stopping.clean_up(), suppress(OcimError):
        kill(f"{MARK}={mark}")
