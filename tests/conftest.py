"""The suite as a whole: how it is shared out, and whether it leaves the machine as it was."""

import os
import shutil
import time
from collections.abc import Generator
from itertools import cycle

import pytest
from hypothesis import HealthCheck, settings

from tests import leftovers

# A busy machine is no fault of what is tested.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

# Where an environment asks for no compiled code, each process that a test starts would compile
# Ocim anew, which takes longer than its work.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

PATIENCE = float(os.environ.get("LEFTOVERS_PATIENCE", "20"))
"""Seconds in which what has been told to end may end."""


AT_ONCE = ("playbooks", "test_provider.py", "test_images.py", "test_ssh_provider.py")
"""Modules, and directories of them, whose fixtures take so long that one process makes them."""


def pytest_xdist_auto_num_workers() -> int:
    """Return one and a half times the number of cores: tests often wait for processes."""
    cores = len(os.sched_getaffinity(0))
    return cores + cores // 2


@pytest.hookimpl(tryfirst=True)  # before the runner reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run all of such a module."""
    for item in items:
        if {*item.path.parts} & {*AT_ONCE} and not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}-{item.path.stem}"))


@pytest.fixture(scope="session", autouse=True)
def few_keys() -> Generator[None]:
    """Make four pairs of keys per process, instead of a slow pair for every instance."""
    from ocim.catalog.variables.jwt import generate  # noqa: PLC0415 - once Django is set up
    from ocim.operations import instances  # noqa: PLC0415

    few = cycle([generate() for _ in range(4)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "generate", lambda: next(few))
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Fail the run where something is left of it, after all workers have ended."""
    yield
    shutil.rmtree(os.environ["OCIM_VAR"], ignore_errors=True)
    if hasattr(session.config, "workerinput"):
        return
    base = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    deadline = time.monotonic() + PATIENCE
    while (left := leftovers.of_run(base)) and time.monotonic() < deadline:
        time.sleep(0.5)
    leftovers.NETWORKS.unlink(missing_ok=True)
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            reporter.section("left on this machine", red=True)
            reporter.write_line("\n".join(left))
