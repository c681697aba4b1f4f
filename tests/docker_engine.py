"""A Docker engine for tests, in a private directory: `python -m tests.docker_engine` starts it.

Images outlive test runs, as the environment does; `make clean` removes them.
"""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.engine import PROGRAMS, Engine
from ocim.adapters.providers.tools import missing_packages
from tests.nspawn_hosts import BASES, PROBE


def why_not() -> str:
    """Return why an engine cannot be started here; empty if it can."""
    if os.geteuid() != 0:
        return "docker: not root"
    if packages := missing_packages(PROGRAMS):
        return f"docker: {', '.join(packages)} not installed"
    # Root of a container may be root without the right to mount, or to make a bridge.
    tried = subprocess.run(["unshare", "--mount", "--net", "sh", "-ec", PROBE], check=False)
    return "docker: this machine's root may not mount or make bridges" if tried.returncode else ""


needs_docker = pytest.mark.skipif(bool(why_not()), reason=why_not())


@contextmanager
def docker_engine(state: Path = BASES / "docker") -> Iterator[Engine]:
    """Yield the engine: the first process that uses it starts it, and the last one stops it."""
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    engine = Engine(state)
    with (state / "users.lock").open("w") as users:
        with _alone(state):
            if _is_free(users.fileno()) and engine.answers():
                engine.empty()  # whoever used it was killed
            fcntl.flock(users, fcntl.LOCK_SH)
            if not engine.answers():
                engine.start()
        try:
            yield engine
        finally:
            with _alone(state):
                if _is_free(users.fileno()):
                    if engine.answers():
                        engine.empty()
                    engine.stop()


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    with (state / "change.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_free(users: int) -> bool:
    """Return True if no other process uses the engine; it may not begin to meanwhile."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    if why_not():
        raise SystemExit(why_not())
    with docker_engine() as engine:
        for name, value in engine.environment.items():
            print(f"export {name}={value}", flush=True)  # noqa: T201 - its output
        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        signal.sigwait(ends)
