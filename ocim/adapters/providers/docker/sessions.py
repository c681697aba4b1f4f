"""Commands that may have begun something in a container, which their own death does not end."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ocim.adapters.providers import processes
from ocim.adapters.sessions import CommandSession

MARK = "OCIM_SESSION"
"""Variable that `docker exec --env` passes on to what it starts in a container."""


def new_mark() -> str:
    """Return a value of the variable for one command."""
    return uuid.uuid4().hex


@contextmanager
def ended_with(mark: str) -> Iterator[None]:
    """End what bears the mark, in containers too, if the block raises an error.

    Processes of an engine with another user than this process's are not seen.
    """
    try:
        yield
    except BaseException:  # a stop or Ctrl-C leaves nothing in a container either
        processes.kill(Path(mark), MARK)
        raise


class ContainerSession(CommandSession):
    """A session that ends what it has started in a container, too."""

    def __init__(self, argv: Sequence[str], *, host: str, mark: str) -> None:
        self._mark = mark
        super().__init__(argv, host=host)

    def close(self) -> None:
        super().close()
        processes.kill(Path(self._mark), MARK)
