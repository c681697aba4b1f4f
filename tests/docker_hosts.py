"""Compose projects for tests, and an independent look at what they leave behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from demo.engine import Engine
from ocim.adapters.docker_projects import EngineAddress, LocalEngine
from ocim.adapters.providers import claims
from ocim.adapters.providers.docker.provider import DockerProvider

PLACES = ("hosts", "networks", "addresses", "elsewhere/*")


def docker_provider(
    state: Path, engine: Engine, *, at: EngineAddress | None = None
) -> DockerProvider:
    """Return a provider on the engine; providers of all tests share a network.

    `at`: how it reaches the engine, if not as this machine's.
    """
    base = str(state / "elsewhere")
    return DockerProvider(state, engine=at or LocalEngine(engine.address), base=base)


@contextmanager
def docker_hosts(
    state: Path, engine: Engine, *, at: EngineAddress | None = None
) -> Iterator[DockerProvider]:
    """Yield a provider whose hosts are gone afterwards, whatever became of them in the test."""
    provider = docker_provider(state, engine, at=at)
    try:
        yield provider
    finally:
        for name in {*provider.list(), *claims.holders(state / "networks")}:
            provider.destroy(name)
    if left := remains(provider, state, engine):
        pytest.fail(f"left: {left}")


def remains(provider: DockerProvider, state: Path, engine: Engine) -> list[str]:
    """Return everything of the provider that still exists on the engine or this machine."""
    names = engine.docker("ps", "--all", "--format", "{{.Names}}").split()
    names += engine.docker("network", "ls", "--format", "{{.Name}}").split()
    names += engine.docker("volume", "ls", "--format", "{{.Name}}").split()
    processes = psutil.process_iter(["cmdline"])
    return [
        *(name for name in names if f"-{provider.engine.installation}" in name),
        *(str(path) for place in PLACES for path in _in(state, place)),
        *(
            " ".join(process.info["cmdline"] or ())
            for process in processes
            if _is_of(process, state)
        ),
    ]


def _in(state: Path, place: str) -> Iterator[Path]:
    yield from (path for path in state.glob(f"{place}/*") if not path.name.startswith("."))


def _is_of(process: psutil.Process, state: Path) -> bool:
    try:
        return any(f"{state}/" in text for text in process.environ().values())
    except (psutil.Error, OSError):
        return False
